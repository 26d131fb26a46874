/* How many images are unlike the training data, over time, and how the scores are spread. */
import { Histogram } from "../design/charts/Histogram";
import { TimeChart } from "../design/charts/TimeChart";
import { count, percent } from "../design/format";
import css from "./monitoring.module.css";
import { column, num, nums, times } from "./read";
import { Tile, useBoard } from "./Tile";

export function OutlierTile() {
  const { zoom, open, span } = useBoard();
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
            <TimeChart
              label="Share of unusual images"
              height={110}
              times={times(m)}
              format={(value) => percent(value, 1)}
              tick={(value) => percent(value)}
              lines={[{ name: "Unusual", colour: "--warn-strong", as: "area", values: column(m, "unusual_share") }]}
              span={span}
              onRange={zoom}
              onOpen={open}
            />
          )}
          <Histogram
            label="Images by outlier score"
            counts={nums(m.value, "counts")}
            from={0}
            to={1}
            unit={(value) => value.toFixed(1)}
            height={88}
          />
          <p className={css.foot}>Images by outlier score; {percent(num(m.value, "expected_share"))} above 0.99 would be chance</p>
        </>
      )}
    </Tile>
  );
}
