/* What another threshold would have let through, on images that were answered: below it everything is logged, so this is no guess. */
import type { Deployment, Detection, FoundPage, Prediction } from "../api/types";
import { useRead } from "../api/use";
import { count, percent } from "../design/format";
import { dim } from "../design/page";
import { Picture } from "../design/Picture";
import css from "./deployments.module.css";

const LOOKED_AT = 200;
const SHOWN = 8;

const above = (detections: readonly Detection[], threshold: number) => detections.filter((found) => found.confidence >= threshold);

function silentShare(images: readonly Prediction[], threshold: number): number {
  return images.filter((image) => above(image.detections, threshold).length === 0).length / images.length;
}

export function ThresholdPreview({ deployment, threshold }: { deployment: Deployment; threshold: number }) {
  const found = useRead<FoundPage>(`/deployments/${deployment.name}/predictions`, { sort: "random:1", limit: LOOKED_AT });
  const images = found.data?.items ?? [];
  if (images.length === 0) return null;
  const whole = deployment.task === "classification";
  const was = images.reduce((sum, image) => sum + above(image.detections, deployment.threshold).length, 0);
  const now = images.reduce((sum, image) => sum + above(image.detections, threshold).length, 0);
  const moved = images
    .map((image) => ({
      image,
      by: Math.abs(above(image.detections, threshold).length - above(image.detections, deployment.threshold).length),
    }))
    .sort((a, b) => b.by - a.by);
  return (
    <div className={css.preview} aria-live="polite">
      <p className={dim}>
        Of {count(images.length)} images taken at random:{" "}
        {!whole && (
          <>
            <strong>{(now / images.length).toFixed(1)}</strong> detections each
            {now !== was && ` instead of ${(was / images.length).toFixed(1)}`},{" "}
          </>
        )}
        <strong>{percent(silentShare(images, threshold))}</strong> {whole ? "“unsure”" : "with none"}
        {now !== was && ` instead of ${percent(silentShare(images, deployment.threshold))}`}.
      </p>
      <div className={css.previewImages}>
        {moved.slice(0, SHOWN).map(({ image }) => (
          <Picture
            key={image.id}
            asset={image.asset}
            width={image.width}
            height={image.height}
            shapes={
              whole
                ? [above(image.detections, threshold)[0] ?? { label: "unsure" }]
                : image.detections
                    .filter((one) => one.confidence >= Math.min(threshold, deployment.threshold))
                    .map((one) => ({ ...one, answered: one.confidence >= threshold }))
            }
            labels={deployment.labels}
            aspect="4 / 3"
            alt={`${above(image.detections, threshold).length} detections at ${threshold}`}
          />
        ))}
      </div>
    </div>
  );
}
