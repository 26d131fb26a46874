/* One image as large as there is room: what was answered, and beside it what a shadow, another version or a person says. */
import { useState } from "react";
import type { Page as Items, Prediction, Verdict } from "../api/types";
import { useRead } from "../api/use";
import { Switch } from "../design/controls";
import { milliseconds, score, who } from "../design/format";
import { Card, Rows } from "../design/page";
import { Picture, type Drawn } from "../design/Picture";
import { Chip, Notice } from "../design/status";
import { Time } from "../design/Time";
import { FoundList } from "./FoundList";
import { History } from "./History";
import { Lineage } from "./Lineage";
import css from "./predictions.module.css";
import { QuestionCard } from "./QuestionCard";
import { Replay } from "./Replay";
import { answered, drawn } from "./shapes";
import { Similar } from "./Similar";
import { useBeside } from "./useBeside";

type View = { title: string; shapes: readonly Drawn[]; shadow?: boolean };

export function Detail({ prediction, name, labels }: { prediction: Prediction; name: string; labels: string[] }) {
  const [silent, setSilent] = useState(false);
  const beside = useBeside(prediction);
  const other = beside.answer;
  const verdict = useRead<Verdict>(prediction.review === "pending" ? null : `/predictions/${prediction.id}/verdict`).data;
  const shadows = useRead<Items<Prediction>>(`/predictions/${prediction.id}/shadows`).data?.items ?? [];
  const version = prediction.model_version?.title ?? "The model";
  if (prediction.keep_reason === "erased")
    return <Notice>A person erased this image, what was answered and what was said of it. That it was answered stays counted.</Notice>;
  const shapes = silent ? [...prediction.detections].sort((a, b) => a.confidence - b.confidence) : answered(prediction);
  const views: View[] = [
    { title: `${version} answered`, shapes },
    ...(other ? [{ title: `${other.title} would answer`, shapes: other.detections }] : []),
    ...(other ? [] : shadows.map((shadow) => shadowView(shadow))),
    ...(verdict?.status === "corrected" ? [{ title: `${who(verdict.by)} said`, shapes: drawn(verdict.annotations) }] : []),
  ];
  return (
    <div className={css.detail}>
      <div className={css.stage}>
        <div className={css.tools}>
          <Switch checked={silent} onChange={setSilent}>
            Show what stayed below the threshold
          </Switch>
          <Replay prediction={prediction} beside={beside} />
        </div>
        <div className={css.pair}>
          {views.map(({ title, shapes: shown, shadow }) => (
            <div key={title} className={css.shot}>
              {views.length > 1 && <span data-shadow={shadow}>{title}</span>}
              <Picture
                asset={prediction.asset}
                width={prediction.width}
                height={prediction.height}
                shapes={shown}
                labels={labels}
                size={1280}
                names
                alt={views.length > 1 ? title : "The image with what was answered"}
              />
            </div>
          ))}
        </div>
        <Similar id={prediction.id} name={name} labels={labels} />
        <Card title="Walk back">
          <Lineage id={prediction.id} />
        </Card>
      </div>
      <div className={css.side}>
        <Card title="Answer" aside={<Chip>{version}</Chip>}>
          <FoundList detections={prediction.detections} threshold={prediction.threshold} labels={labels} all={silent} />
        </Card>
        {shadows.map((shadow) => (
          <Card key={shadow.id} title="The shadow would answer" aside={<Chip>{shadow.model_version?.title}</Chip>}>
            <FoundList detections={shadow.detections} threshold={shadow.threshold} labels={labels} all={silent} />
          </Card>
        ))}
        <QuestionCard id={prediction.id} name={name} />
        <History id={prediction.id} state={prediction.review} />
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
              [
                "Outlier score",
                prediction.outlier === null ? null : [score(prediction.outlier, 3), prediction.unusual].filter(Boolean).join(": "),
              ],
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

function shadowView(shadow: Prediction): View {
  return { title: `${shadow.model_version?.title ?? "The shadow"} as shadow`, shapes: answered(shadow), shadow: true };
}
