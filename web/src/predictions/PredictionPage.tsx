/* One image: what was said of it, by which version, what a person said, and the walk back to where it came from. */
import { useState } from "react";
import { Link, useParams } from "react-router";
import type { Deployment, Prediction, Verdict } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, LinkButton, Switch } from "../design/controls";
import { milliseconds, score, who } from "../design/format";
import { Card, Loaded, Page, Rows } from "../design/page";
import { Picture, type Drawn } from "../design/Picture";
import { Chip, ReviewChip } from "../design/status";
import { Time } from "../design/Time";
import { FoundList } from "./FoundList";
import { Lineage } from "./Lineage";
import css from "./predictions.module.css";
import { Replay, type OtherAnswer } from "./Replay";
import { answered, drawn } from "./shapes";
import { useNeighbours } from "./useNeighbours";

export default function PredictionPage() {
  const { name = "", id = "" } = useParams();
  const prediction = useRead<Prediction>(`/predictions/${id}`, undefined, { every: 5000 });
  const deployment = useRead<Deployment>(`/deployments/${name}`);
  const { before, after } = useNeighbours(name, id);
  return (
    <Page
      title={prediction.data?.client_id ?? "Image"}
      crumbs={[
        { title: "Deployments", to: "/" },
        { title: name, to: `/deployments/${name}` },
        { title: "Predictions", to: `/deployments/${name}/predictions` },
      ]}
      chips={
        <>
          {prediction.data && <ReviewChip state={prediction.data.review} />}
          <span className={css.steps}>
            {before && (
              <Link to={`/deployments/${name}/predictions/${before}`} replace aria-label="Previous image" title="Previous image (←)">
                ←
              </Link>
            )}
            {after && (
              <Link to={`/deployments/${name}/predictions/${after}`} replace aria-label="Next image" title="Next image (→)">
                →
              </Link>
            )}
          </span>
        </>
      }
      actions={prediction.data && <ReviewActions prediction={prediction.data} name={name} />}
    >
      <Loaded query={prediction} height={420}>
        {(found) => <Detail key={found.id} prediction={found} labels={deployment.data?.labels ?? []} />}
      </Loaded>
    </Page>
  );
}

function ReviewActions({ prediction, name }: { prediction: Prediction; name: string }) {
  const reopen = useSend(`/predictions/${prediction.id}`, `/deployments/${name}`);
  return (
    <>
      {prediction.review !== "pending" && (
        <Button
          icon="undo"
          disabled={reopen.isPending}
          onClick={() => reopen.mutate({ method: "DELETE", path: `/predictions/${prediction.id}/verdict` })}
        >
          Reopen
        </Button>
      )}
      <LinkButton look="primary" to={`/deployments/${name}/review?image=${prediction.id}`}>
        {prediction.review === "pending" ? "Review this image" : "Review again"}
      </LinkButton>
    </>
  );
}

function Detail({ prediction, labels }: { prediction: Prediction; labels: string[] }) {
  const [silent, setSilent] = useState(false);
  const [other, setOther] = useState<OtherAnswer | null>(null);
  const shapes = silent ? [...prediction.detections].sort((a, b) => a.confidence - b.confidence) : answered(prediction);
  const picture = (shown: readonly Drawn[], alt: string) => (
    <Picture
      asset={prediction.asset}
      width={prediction.width}
      height={prediction.height}
      shapes={shown}
      labels={labels}
      size={1280}
      names
      alt={alt}
    />
  );
  const verdict = useRead<Verdict>(prediction.review === "pending" ? null : `/predictions/${prediction.id}/verdict`).data;
  const version = prediction.model_version?.title ?? "The model";
  const second = other
    ? { title: `${other.title} would answer`, shapes: other.detections }
    : verdict?.status === "corrected"
      ? { title: `${who(verdict.by)} said`, shapes: drawn(verdict.annotations) }
      : null;
  return (
    <div className={css.detail}>
      <div className={css.stage}>
        <div className={css.tools}>
          <Switch checked={silent} onChange={setSilent}>
            Show what stayed below the threshold
          </Switch>
          <Replay prediction={prediction} onAnswer={setOther} />
        </div>
        <div className={second ? css.pair : ""}>
          <div className={css.shot}>
            {second && <span>{version} answered</span>}
            {picture(shapes, "The image with what was answered")}
          </div>
          {second && (
            <div className={css.shot}>
              <span>{second.title}</span>
              {picture(second.shapes, second.title)}
            </div>
          )}
        </div>
        <Card title="Walk back">
          <Lineage id={prediction.id} />
        </Card>
      </div>
      <div className={css.side}>
        <Card title="Answer" aside={<Chip>{version}</Chip>}>
          <FoundList detections={prediction.detections} threshold={prediction.threshold} labels={labels} all={silent} />
        </Card>
        <Card title="Facts">
          <Rows
            rows={[
              ["Taken", <Time key="t" at={prediction.taken_at} />],
              ["Arrived", <Time key="l" at={prediction.logged_at} />],
              ["Source", prediction.source],
              ["Tags", prediction.tags.join(", ")],
              ["Role", prediction.role],
              ["Latency", milliseconds(prediction.latency_ms)],
              ["Threshold", score(prediction.threshold, 2)],
              ["Outlier score", prediction.outlier === null ? null : score(prediction.outlier, 3)],
              ["Size", `${prediction.width} × ${prediction.height} px`],
              ...Object.entries(prediction.metadata ?? {}).map(([key, value]): [string, string] => [
                key,
                typeof value === "object" ? JSON.stringify(value) : String(value),
              ]),
            ]}
          />
        </Card>
      </div>
    </div>
  );
}
