/* One image with its answer drawn on it, and the answer in words. */
import { milliseconds, plural } from "../design/format";
import { Picture } from "../design/Picture";
import { from, type Shown } from "./ask";
import css from "./deployments.module.css";

type Props = { shown: Shown; threshold: number; labels: readonly string[]; whole: boolean; wide?: number };

export function Answered({ shown: { src, answer }, threshold, labels, whole, wide = 250 }: Props) {
  const through = from(answer, threshold);
  const best = through[0];
  const said = whole
    ? (best?.label ?? "unsure")
    : through.length === 0
      ? "Nothing above the threshold"
      : plural(through.length, "detection");
  return (
    <figure className={css.answer}>
      <Picture
        src={src}
        width={answer.image.width}
        height={answer.image.height}
        shapes={whole ? [best ?? { label: "unsure" }] : through}
        labels={labels}
        aspect="4 / 3"
        names
        wide={wide}
        alt={`Your image: ${said}`}
      />
      <figcaption>
        {said} in {milliseconds(answer.latency_ms)}
      </figcaption>
    </figure>
  );
}
