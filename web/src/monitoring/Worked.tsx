/* One worked example per metric: a few numbers, the picture they make, and the sum in words. */
import type { ReactNode } from "react";
import css from "./about.module.css";
import { OF_REVIEWS } from "./workedReviews";
import { OF_TRAFFIC } from "./workedTraffic";

export type Example = { picture: ReactNode; words: string };

export function Worked({ metric }: { metric: string }) {
  const example = OF_TRAFFIC[metric] ?? OF_REVIEWS[metric];
  if (!example) return null;
  return (
    <figure className={css.worked}>
      {example.picture}
      <figcaption>{example.words}</figcaption>
    </figure>
  );
}
