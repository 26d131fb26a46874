/* The four arcs that turn reviews into a better version, and which of them are on. */
import { Link } from "react-router";
import type { Pipeline as Arcs } from "../api/types";
import css from "./deployments.module.css";

const NAMES: [keyof Arcs, string, string][] = [
  ["training_data", "Training data", "training-data"],
  ["feedback_loop", "Feedback loop", "training-data"],
  ["continuous_training", "Retraining", "continuous-training"],
  ["continuous_deployment", "Redeployment", "continuous-deployment"],
];

/** A detail that is only an id says nothing to a person. */
const readable = (detail: string | null | undefined) => (detail && !/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(detail) ? detail : null);

export function Pipeline({ pipeline, settings }: { pipeline: Arcs; settings: string }) {
  return (
    <ol className={css.pipeline} aria-label="Pipeline">
      {NAMES.map(([name, title, anchor]) => {
        const arc = pipeline[name];
        const state = arc?.state ?? "off";
        return (
          <li key={name} data-state={state}>
            <Link to={`${settings}#${anchor}`} title={readable(arc?.detail) ?? undefined}>
              <strong>{title}</strong>
            </Link>
            <span>{readable(arc?.detail) ?? state}</span>
          </li>
        );
      })}
    </ol>
  );
}
