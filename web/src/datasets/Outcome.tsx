/* How far an import is, and what came of it. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "react-router";
import { asSentence } from "../api/sentence";
import type { Job } from "../api/types";
import { useRead } from "../api/use";
import { count, plural } from "../design/format";
import { dim, Failed } from "../design/page";
import { Bar, Notice } from "../design/status";
import css from "./datasets.module.css";
import { Report, type Kind, type Line } from "./Report";

type Result = {
  number?: number;
  images?: number;
  skipped?: number;
  created?: boolean;
  notes?: string[];
  problems?: number;
  kinds?: Kind[];
  report?: Line[];
};

const OPEN = ["queued", "running"];

export function Outcome({ id, name, again }: { id: string; name: string; again: (skipBad: boolean) => void }) {
  const client = useQueryClient();
  const job = useRead<Job>(`/jobs/${id}`, undefined, { every: 700, until: ({ state }) => !OPEN.includes(state) });
  const data = job.data;
  const ended = data !== undefined && !OPEN.includes(data.state);
  useEffect(() => {
    if (ended) void client.invalidateQueries({ predicate: (query) => String(query.queryKey[0]).startsWith("/dataset") });
  }, [ended, client]);
  if (!data && job.error) return <Failed error={job.error} retry={() => void job.refetch()} />;
  if (!ended) {
    return (
      <div className={css.outcome} aria-live="polite">
        <span className={dim}>
          {data?.message || "Waiting for its turn"}
          {data?.total ? ` · ${count(data.done)} of ${count(data.total)}` : ""}
        </span>
        <Bar value={data?.done ?? 0} total={data?.total || 1} label="Importing" />
      </div>
    );
  }
  const result = (data.result ?? {}) as Result;
  const fine = data.state === "succeeded";
  return (
    <div className={css.outcome} aria-live="polite">
      {fine ? (
        <Notice tone="ok">
          {result.created === false
            ? "The same content is already there: "
            : `${plural(result.images ?? 0, "image")} imported${result.skipped ? `, ${count(result.skipped)} left out` : ""}: `}
          <Link className={css.link} to={`/datasets/${name}/${result.number ?? ""}`}>
            {name} v{result.number}
          </Link>
        </Notice>
      ) : (
        <Notice tone="bad">
          {asSentence(data.error ?? "The import did not finish, and nothing was imported.").replace(/[^.]$/, "$&.")}{" "}
          {(result.images ?? 0) > 0 && (
            <button type="button" className={css.link} onClick={() => again(true)}>
              Import the {plural(result.images ?? 0, "image that is", "images that are")} in order
            </button>
          )}
        </Notice>
      )}
      {result.notes?.map((note) => (
        <Notice key={note}>{note}</Notice>
      ))}
      <Report kinds={result.kinds ?? []} lines={result.report ?? []} total={result.problems ?? 0} />
    </div>
  );
}
