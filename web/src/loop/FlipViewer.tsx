/* A test image that a candidate fixes or breaks: what either version says of it, side by side. Arrows walk. */
import { useEffect, useState } from "react";
import { Link } from "react-router";
import type { Decision, Flip } from "../api/types";
import { Button } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { useDeployment } from "../design/deployment";
import { count } from "../design/format";
import { Skeleton } from "../design/page";
import { Picture } from "../design/Picture";
import { Notice } from "../design/status";
import css from "./replay.module.css";
import { useSaid } from "./useSaid";

type Props = {
  title: string;
  decision: Decision;
  thresholds: { champion: number; candidate: number };
  flips: readonly Flip[];
  first: number;
  says: (flip: Flip) => string;
  onClose: () => void;
};

export function FlipViewer({ title, decision, thresholds, flips, first, says, onClose }: Props) {
  const { deployment } = useDeployment();
  const [at, setAt] = useState(first);
  const flip = flips[at];
  const last = flips.length - 1;
  useEffect(() => {
    // Wherever in the dialog the keyboard is: nothing else in it takes the arrows.
    const key = (event: KeyboardEvent) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? 0;
      setAt((before) => Math.max(0, Math.min(last, before + by)));
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, [last]);
  return (
    <Dialog open onClose={onClose} title={title} lead={says(flip)} wide>
      <section className={css.viewer} aria-label="Both answers">
        <span className={css.walk}>
          <Button small icon="back" aria-label="Image before" disabled={at === 0} onClick={() => setAt(at - 1)} />
          {count(at + 1)} of {count(flips.length)}
          <Button small icon="arrow" aria-label="Next image" disabled={at >= last} onClick={() => setAt(at + 1)} />
          {flip.prediction && (
            <Link className={css.link} to={`/deployments/${deployment.name}/predictions/${flip.prediction}`}>
              open
            </Link>
          )}
        </span>
        <div className={css.pair}>
          {decision.champion && <Side version={decision.champion} asset={flip.asset} threshold={thresholds.champion} />}
          <Side version={decision.candidate} asset={flip.asset} threshold={thresholds.candidate} />
        </div>
      </section>
    </Dialog>
  );
}

function Side({ version, asset, threshold }: { version: Decision["candidate"]; asset: string; threshold: number }) {
  const { deployment } = useDeployment();
  const said = useSaid(version.id, asset, threshold);
  const title = `${version.title} answers`;
  if (said.error) return <Notice tone="bad">{said.error.message}</Notice>;
  if (!said.data) return <Skeleton height={240} />;
  const { image, detections } = said.data;
  // Of a classification only the first label is the answer.
  const shapes = detections.some((one) => !one.box && !one.polygon) ? detections.slice(0, 1) : detections;
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <Picture
        asset={asset}
        width={image.width}
        height={image.height}
        size={1024}
        shapes={shapes}
        labels={deployment.labels}
        names
        wide={420}
        alt={`${title}: ${shapes.map((one) => one.label).join(", ") || "nothing"}`}
      />
    </figure>
  );
}
