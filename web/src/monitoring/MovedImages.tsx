/* The images that another threshold would answer otherwise: everything down to the log's floor is logged, so this is no guess. */
import { Link } from "react-router";
import type { Deployment, MovedImages as Moved } from "../api/types";
import { useRead } from "../api/use";
import { plural } from "../design/format";
import { Picture } from "../design/Picture";
import css from "./threshold.module.css";

type Props = { deployment: Deployment; at: number; day: Partial<Record<"from" | "to", string>>; yesterday: boolean };

export function MovedImages({ deployment, at, day, yesterday }: Props) {
  const same = at === deployment.threshold;
  const path = same ? null : `/deployments/${deployment.name}/thresholds/images`;
  const found = useRead<Moved>(path, { ...day, at, limit: 8 }, { keep: true });
  if (same || !found.data || found.data.read === 0) return null;
  const { items, count } = found.data;
  const low = Math.min(at, deployment.threshold);
  return (
    <div className={css.moved}>
      <p>
        {count === 0
          ? "None of them would be answered otherwise."
          : `${plural(count, "image")} of ${yesterday ? "yesterday" : "that day"} would be answered otherwise:`}
      </p>
      <div className={css.images}>
        {items.map((image) => (
          <Link key={image.id} to={`../predictions/${image.id}`} aria-label={`${image.client_id ?? image.id}, answered otherwise`}>
            <Picture
              asset={image.asset}
              width={image.width}
              height={image.height}
              shapes={(deployment.task === "classification" ? image.detections.slice(0, 1) : image.detections)
                .filter((one) => one.confidence >= low)
                .map((one) => ({ ...one, answered: one.confidence >= at }))}
              labels={deployment.labels}
              aspect="4 / 3"
              alt=""
            />
          </Link>
        ))}
      </div>
    </div>
  );
}
