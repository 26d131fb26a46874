/* How many images are unlike the training data, over time, and how the scores are spread. */
import { Link } from "react-router";
import { Histogram } from "../design/charts/Histogram";
import { count, percent, plural } from "../design/format";
import { useBoard } from "./board";
import css from "./monitoring.module.css";
import { OverTime } from "./OverTime";
import { num, nums } from "./read";
import { Tile } from "./Tile";
import { binLinks } from "./TrafficTiles";

export function OutlierTile() {
  const { find, query } = useBoard();
  return (
    <Tile
      metric="outlier"
      title="Unusual images"
      headline={(m) => (
        <>
          {percent(num(m.value, "unusual_share"), 1)} <small>of {count(num(m.value, "scored"))}</small>
        </>
      )}
    >
      {(m) => (
        <>
          {m.series.length > 1 && (
            <OverTime
              measure={m}
              label="Share of unusual images"
              height={110}
              format={(value) => percent(value, 1)}
              tick={(value) => percent(value)}
              lines={[{ name: "Unusual", colour: "--warn-strong", as: "area", of: ["unusual_share"] }]}
            />
          )}
          <Histogram
            label="Images by outlier score"
            counts={nums(m.value, "counts")}
            from={0}
            to={1}
            unit={(value) => value.toFixed(2).replace(/0$/, "")}
            height={88}
            linkOf={binLinks(m.value, "bin_queries", find)}
          />
          <p className={css.foot}>
            Images by outlier score; {percent(num(m.value, "expected_share"))} would be unusual by chance.{" "}
            <Link to={find(query, "-outlier")}>Most unusual first</Link>
          </p>
          <Trust value={m.value} />
        </>
      )}
    </Tile>
  );
}

/** Which images are too strange for chance, and how far the scores can be believed. */
function Trust({ value }: { value: Record<string, unknown> | null }) {
  const { find } = useBoard();
  const flagged = num(value, "flagged") ?? 0;
  const calibration = value?.calibration as { sentence?: string } | null | undefined;
  return (
    <>
      {flagged > 0 && (
        <p className={css.foot}>
          <Link to={find(String(value?.flagged_query))}>{plural(flagged, "image")}</Link> flagged: too strange together for chance
        </p>
      )}
      {calibration && (
        <p className={css.foot}>
          Calibration {calibration.sentence}
          {value?.appearance_only === true && "; by appearance only: this model offers no features"}
        </p>
      )}
    </>
  );
}
