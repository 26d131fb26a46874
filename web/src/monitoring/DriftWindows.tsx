/* The windows that usual production is learned from and judged by, one small bar each: how far it was, and what became of it. */
import { useNavigate } from "react-router";
import type { Drift } from "../api/types";
import { useRead } from "../api/use";
import { count, moment, score } from "../design/format";
import { useBoard } from "./board";
import css from "./drift.module.css";

const SAID: Record<string, string> = {
  usual: "usual production",
  judged: "quiet",
  waiting: "nobody has said yet whether it is normal",
  alarm: "left what is usual",
  retired: "was usual once",
};

export function Windows() {
  const { name, find } = useBoard();
  const navigate = useNavigate();
  const drift = useRead<Drift>(`/deployments/${name}/drift`, undefined, { every: 10_000 });
  const windows = drift.data?.windows.slice(-60) ?? [];
  if (windows.length === 0) return null;
  return (
    <div className={css.windows}>
      <span>Windows of production</span>
      <ol>
        {windows.map((one) => {
          const said = `${moment(new Date(one.from))} – ${moment(new Date(one.to))}: ${count(one.images)} images, ${SAID[one.state] ?? one.state}${one.d === null ? "" : `, distance ${score(one.d, 2)}`}`;
          return (
            <li key={one.from}>
              <button
                type="button"
                title={said}
                aria-label={said}
                data-state={one.state}
                onClick={() => void navigate(find(`taken_at >= ${one.from} and taken_at < ${one.to}`))}
              >
                <span style={{ height: `${12 + Math.min(one.d ?? 0, 1) * 88}%` }} />
              </button>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
