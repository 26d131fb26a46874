/* A chart's numbers as a table: to read, to walk by keyboard, to copy into a spreadsheet, to keep as a file. */
import { useState } from "react";
import { Link } from "react-router";
import { Button } from "../controls";
import { copyText } from "../copy";
import { lines, save } from "../csv";
import css from "./charts.module.css";

/** `title`: in full where the first cell is short; `to`: where the images behind the row are. */
export type TwinRow = { cells: string[]; title?: string; to?: string };

const MOST = 400;

export function Twin({ label, head, rows }: { label: string; head: string[]; rows: TwinRow[] }) {
  const [copied, setCopied] = useState(false);
  const every = [head, ...rows.map((row) => [row.title ?? row.cells[0], ...row.cells.slice(1)])];
  const copy = async () => {
    await copyText(every.map((cells) => cells.join("\t")).join("\n"));
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <div className={css.twin}>
      <div tabIndex={0} role="region" aria-label={`${label}, as a table`}>
        <table>
          <caption className="visually-hidden">{label}</caption>
          <thead>
            <tr>
              {head.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST).map((row, i) => (
              <tr key={i}>
                {row.cells.map((cell, c) =>
                  c === 0 ? (
                    <th key={c} scope="row" title={row.title}>
                      {row.to ? <Link to={row.to}>{cell}</Link> : cell}
                    </th>
                  ) : (
                    <td key={c}>{cell}</td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className={css.twinActions}>
        <Button small icon={copied ? "check" : "copy"} onClick={() => void copy()}>
          {copied ? "Copied" : "Copy"}
        </Button>
        <Button small icon="download" onClick={() => save(`${label}.csv`, lines(every))}>
          CSV
        </Button>
        {rows.length > MOST && (
          <span>
            the first {MOST} of {rows.length}
          </span>
        )}
      </div>
    </div>
  );
}
