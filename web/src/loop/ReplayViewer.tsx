/* Image by image where two versions differ: as it was answered, beside what the other would say. Arrows walk. */
import { useState, type KeyboardEvent } from "react";
import { Link } from "react-router";
import { imageUrl } from "../api/client";
import type { Deployment, Differing, Replayed } from "../api/types";
import { useGet } from "../api/use";
import { Button, Segmented } from "../design/controls";
import { count } from "../design/format";
import { dim, Skeleton } from "../design/page";
import { Picture } from "../design/Picture";
import { Notice } from "../design/status";
import css from "./replay.module.css";
import { answers, chosen, differs, type Kind, type Marked } from "./replayed";

const AROUND = 4;

export function ReplayViewer({ replayed, deployment }: { replayed: Replayed; deployment: Deployment }) {
  const [kind, setKind] = useState<Kind>("all");
  const [at, setAt] = useState(0);
  const items = chosen(replayed.items, kind);
  const item = items[Math.min(at, items.length - 1)];
  const go = (to: number) => setAt(Math.max(0, Math.min(items.length - 1, to)));
  const key = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    go(at + by);
  };
  const kinds: [Kind, string][] = [
    ["all", "All"],
    ["gone", "Gone"],
    ["new", "New"],
    ["relabelled", "Renamed"],
  ];
  return (
    <section className={css.viewer} aria-label="Where they differ" tabIndex={0} onKeyDown={key}>
      <div className={css.head}>
        <Segmented
          label="Differences"
          value={kind}
          onChange={(next) => (setKind(next as Kind), setAt(0))}
          options={kinds.map(([value, title]) => ({ value, title: `${title} ${count(chosen(replayed.items, value).length)}` }))}
        />
        {item && (
          <span className={css.walk}>
            <Button small icon="back" aria-label="Image before" disabled={at === 0} onClick={() => go(at - 1)} />
            {count(at + 1)} of {count(items.length)}
            <Button small icon="arrow" aria-label="Next image" disabled={at >= items.length - 1} onClick={() => go(at + 1)} />
          </span>
        )}
      </div>
      {item ? <Pair item={item} replayed={replayed} deployment={deployment} /> : <p className={dim}>Nothing of this kind.</p>}
      {/* The pictures around the present one, so that the next is there when it is wanted. */}
      <ul className={css.strip}>
        {items.slice(Math.max(0, at - AROUND), at + AROUND + 1).map((one) => (
          <li key={one.prediction}>
            <button
              type="button"
              aria-label={differs(one)}
              aria-current={one === item ? "true" : undefined}
              onClick={() => go(items.indexOf(one))}
            >
              <img src={imageUrl(one.asset, 320)} alt="" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Pair({ item, replayed, deployment }: { item: Differing; replayed: Replayed; deployment: Deployment }) {
  const logged = useGet(`/predictions/${item.prediction}`, undefined, { keep: true });
  if (logged.error) return <Notice tone="bad">{logged.error.message}</Notice>;
  if (!logged.data || logged.data.id !== item.prediction) return <Skeleton height={320} />;
  const { before, after } = answers(item, logged.data);
  const sides = [
    { title: `${logged.data.model_version?.title ?? "It"} answered`, shapes: before },
    { title: `${replayed.model_version.title} would answer`, shapes: after },
  ];
  return (
    <>
      <div className={css.pair}>
        {sides.map(({ title, shapes }) => (
          <figure key={title}>
            <figcaption>{title}</figcaption>
            <Picture
              asset={item.asset}
              width={logged.data.width}
              height={logged.data.height}
              size={1024}
              shapes={drawn(shapes)}
              labels={deployment.labels}
              names
              wide={560}
              alt={`${title}: ${shapes.map((one) => one.label).join(", ") || "nothing"}`}
            />
          </figure>
        ))}
      </div>
      <p>
        {differs(item)} ·{" "}
        <Link className={css.link} to={`/deployments/${deployment.name}/predictions/${item.prediction}`}>
          open
        </Link>
      </p>
    </>
  );
}

/** What both say is drawn faintly, so that the difference is what one sees. */
const drawn = (shapes: readonly Marked[]) =>
  shapes
    .map((one) => ({ ...one, answered: one.box || one.polygon ? one.differs === true : true }))
    .sort((a, b) => Number(b.differs) - Number(a.differs));
