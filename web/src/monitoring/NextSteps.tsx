/* What to do next, in the server's words, each with the way there. */
import { Link } from "react-router";
import type { DeploymentOverview } from "../api/types";
import { Notice } from "../design/status";

/** Which page a sentence speaks of. */
export function pageFor(sentence: string): string {
  const text = sentence.toLowerCase();
  if (text.includes("on the dashboard")) return "";
  if (text.startsWith("review")) return "review";
  if (/training data|dataset|feedback loop|continuous|threshold|setting/.test(text)) return "settings";
  if (/candidate|approve|decision|gate|waiting/.test(text)) return "loop";
  return "";
}

export function NextSteps({ overview }: { overview: DeploymentOverview }) {
  const [first] = overview.next;
  if (!first) return null;
  const page = pageFor(first);
  return (
    <Notice tone="now">
      <strong>Next: </strong>
      {first}{" "}
      {page && (
        <Link to={page} style={{ color: "var(--now)", fontWeight: 500, whiteSpace: "nowrap" }}>
          Go to {page} →
        </Link>
      )}
    </Notice>
  );
}
