/* From an answer back to the model, its training run, its images and the people behind them. */
import { Link } from "react-router";
import type { LineageStep } from "../api/types";
import { useRead } from "../api/use";
import { who, words } from "../design/format";
import { Loaded } from "../design/page";
import { Time } from "../design/Time";
import css from "./predictions.module.css";

/** The page of a step, where it has one: titles of versions read "name v3". */
export function stepPage(step: Pick<LineageStep, "kind" | "title" | "id">): string | null {
  const version = /^(.*) v(\d+)$/.exec(step.title);
  if (step.kind === "model version" && version) return `/models/${version[1]}/${version[2]}`;
  if (step.kind === "dataset version" && version) return `/datasets/${version[1]}/${version[2]}`;
  if (step.kind === "training run" && step.id) return `/training/${step.id}`;
  return null;
}

const NAMES: Record<string, string> = { verdicts: "Reviews", prediction: "This answer" };

export function Lineage({ id }: { id: string }) {
  const lineage = useRead<{ steps: LineageStep[] }>(`/predictions/${id}/lineage`);
  return (
    <Loaded query={lineage} height={160}>
      {({ steps }) => (
        <ol className={css.walk}>
          {steps.map((step, i) => {
            const page = stepPage(step);
            const by = step.by ? ` by ${who(step.by)}` : "";
            return (
              <li key={i}>
                <small>{NAMES[step.kind] ?? words(step.kind)}</small>
                {page ? (
                  <Link className={css.link} to={page}>
                    {step.title}
                  </Link>
                ) : (
                  <span>{step.title}</span>
                )}
                <small>
                  {step.detail}
                  {step.detail && (step.at || by) ? " · " : ""}
                  {step.at && <Time at={step.at} />}
                  {by}
                </small>
              </li>
            );
          })}
        </ol>
      )}
    </Loaded>
  );
}
