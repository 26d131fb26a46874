/* What the random checks say of all traffic, reviewed or not: each number with the interval it lies in, and how many reviews would narrow it. */
import { Link } from "react-router";
import type { Estimates, MetricInfo } from "../api/types";
import { Intervals, type IntervalRow } from "../design/charts/Intervals";
import { count, percent, plural } from "../design/format";
import { SCORE_TITLES } from "../design/scoreTitles";
import { useBoard } from "./board";
import css from "./monitoring.module.css";
import { Frame } from "./Tile";

export const ABOUT: MetricInfo = {
  name: "estimates",
  title: "All traffic",
  definition:
    "What the numbers would be had every image been reviewed. Only images drawn at random speak for the others, each for as many as its " +
    "probability of being drawn says; 95 of 100 such intervals hold the true number.",
  formula: "Σ reviewed ÷ probability of being drawn, corrected by what the confidences of all images predict",
  source:
    "Priority sampling (Duffield, Lund and Thorup 2007), prediction-powered estimates (PPI++, arXiv:2311.01453), confidence sequences (arXiv:2103.06476)",
  needs: "reviews",
  tasks: ["classification", "detection", "segmentation"],
  unit: "share",
};

export function EstimatesTile({ wide = 4 }: { wide?: number }) {
  const { dashboard, beside, name } = useBoard();
  const found = dashboard.estimates;
  const other = beside?.dashboard.estimates;
  const known = found?.items.filter((one) => SCORE_TITLES[one.metric]) ?? [];
  const guesses = Object.entries(found?.guess ?? {}).filter(
    ([metric]) => SCORE_TITLES[metric] && !known.some((one) => one.metric === metric),
  );
  const rows = [
    ...known.map((one): IntervalRow => {
      const theirs = other?.items.find((estimate) => estimate.metric === one.metric);
      return {
        name: SCORE_TITLES[one.metric],
        value: one.value,
        lower: one.lower,
        upper: one.upper,
        title: more(one),
        beside: beside && theirs ? { ...theirs, name: beside.name } : null,
      };
    }),
    ...guesses.map(([metric, value]) => ({
      name: SCORE_TITLES[metric],
      value,
      lower: null,
      upper: null,
      guess: true,
      title: "A guess from the confidences alone: nothing bounds how wrong it is",
    })),
  ];
  const least = Math.max(0, ...known.map((one) => one.more_reviews));
  return (
    <Frame
      name="estimates"
      title="All traffic"
      wide={wide}
      info={ABOUT}
      headline={
        <small>
          {plural(found?.reviews ?? 0, "random check")} for {count(found?.images)} images
        </small>
      }
      missing={
        rows.length > 0
          ? null
          : { sentence: found?.needs ?? "Needs random checks: some of the review queue is drawn by chance.", kind: "reviews" }
      }
    >
      {() => (
        <>
          <Intervals label="Estimates for all traffic" rows={rows} />
          <p className={css.foot}>
            {found?.needs && `${found.needs.charAt(0).toUpperCase()}${found.needs.slice(1)}. `}
            {least > 0 && (
              <>
                <Link to={`/deployments/${name}/review`}>About {count(least)} more reviews</Link> make it ± 3 points.{" "}
              </>
            )}
            {found && found.skipped !== null && found.skipped > 0.02 && `${percent(found.skipped)} of the checks nobody could judge. `}
            {found &&
              found.unseen > 0 &&
              !found.needs &&
              `Nothing speaks for ${plural(found.unseen, "image")} that had no chance of being kept.`}
          </p>
        </>
      )}
    </Frame>
  );
}

function more(one: Estimates["items"][number]): string {
  return `from ${plural(one.reviews, "random check")}${one.more_reviews > 0 ? `; about ${count(one.more_reviews)} more for ± 3 points` : ""}`;
}
