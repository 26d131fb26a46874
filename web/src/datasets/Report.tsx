/* What was wrong with an import: one line for each kind of problem, opened line by line. */
import { useState } from "react";
import { asSentence } from "../api/sentence";
import { count } from "../design/format";
import { dim, tableClass } from "../design/page";
import css from "./datasets.module.css";

export type Line = { line: number | null; file: string | null; problem: string };
export type Kind = { problem: string; count: number; examples: Line[] };

export function Report({ kinds, lines, total }: { kinds: Kind[]; lines: Line[]; total: number }) {
  const [all, setAll] = useState(false);
  if (kinds.length === 0) return null;
  return (
    <div className={css.kinds}>
      {kinds.map((kind) => (
        <details key={kind.problem} open={kinds.length === 1}>
          <summary>
            <span className={css.times}>{count(kind.count)}</span>
            {asSentence(kind.problem)}
          </summary>
          <ul>
            {kind.examples.map((one, i) => (
              <li key={i}>
                <code>{[one.file, one.line].filter((part) => part !== null).join(":") || "the whole set"}</code>
                {one.problem !== kind.problem && <span> {one.problem}</span>}
              </li>
            ))}
            {kind.count > kind.examples.length && <li className={dim}>and {count(kind.count - kind.examples.length)} more</li>}
          </ul>
        </details>
      ))}
      <button type="button" className={css.link} onClick={() => setAll(!all)}>
        {all
          ? "Hide the lines"
          : lines.length < total
            ? `Show the first ${count(lines.length)} of ${count(total)} lines`
            : "Show every line"}
      </button>
      {all && (
        <div className={css.report} tabIndex={0} role="region" aria-label="Every problem, line by line">
          <table className={tableClass}>
            <thead>
              <tr>
                <th>Line</th>
                <th>File</th>
                <th>Problem</th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line, i) => (
                <tr key={i}>
                  <td>{line.line}</td>
                  <td>{line.file}</td>
                  <td>{asSentence(line.problem)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
