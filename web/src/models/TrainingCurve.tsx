/* The curve of the training run that made a version. */
import { Link } from "react-router";
import { useGet } from "../api/use";
import { Curve } from "../design/charts/Curve";
import { curveEnd, curveLines } from "../design/curveLines";
import { Card } from "../design/page";
import css from "./models.module.css";

export function TrainingCurve({ id }: { id: string }) {
  const run = useGet(`/training-runs/${id}`).data;
  const lines = curveLines(run?.epochs ?? []);
  if (!run || lines.length === 0) return null;
  return (
    <Card
      title="Training curve"
      aside={
        <span className={css.aside}>
          {lines.map((line) => (
            <span key={line.name} style={{ color: line.colour }}>
              {line.name}
            </span>
          ))}
          <Link className={css.link} to={`/training/${id}`}>
            parameters and log
          </Link>
        </span>
      }
    >
      <Curve label="Training curve" total={curveEnd(run.epochs, true)} lines={lines} height={180} />
    </Card>
  );
}
