/* What a threshold would let through, before anything is deployed: the version's own answers on images it was not trained on. */
import { useMemo, useState } from "react";
import type { Answer, ModelVersion } from "../api/types";
import { count, percent, plural } from "../design/format";
import { dim, Skeleton } from "../design/page";
import { Picture } from "../design/Picture";
import css from "./deployments.module.css";
import { useSamples, useTried, type Sample, type Tried } from "./useTried";

export function SamplePreview({ version, threshold }: { version: ModelVersion; threshold: number }) {
  const known = useSamples(version);
  const [own, setOwn] = useState<Sample[]>([]);
  const samples = useMemo(() => [...own, ...known], [own, known]);
  const { tried, problem } = useTried(version, samples);
  const add = (files: FileList | null) =>
    setOwn([...[...(files ?? [])].map((file) => ({ key: `${file.name} ${file.size}`, src: URL.createObjectURL(file) })), ...own]);
  return (
    <div className={css.preview} aria-live="polite">
      <p className={dim}>
        {tried.length > 0
          ? said(tried, threshold, version)
          : problem
            ? `No preview: ${problem}`
            : samples.length > 0
              ? "Loading the version to look at sample images…"
              : "There are no sample images: it is not known what this version was trained on."}{" "}
        <label className={css.pick}>
          Try your own images
          <input
            className="visually-hidden"
            type="file"
            multiple
            accept="image/*"
            aria-label="Images to try the threshold on"
            onChange={(event) => add(event.target.files)}
          />
        </label>
      </p>
      <div className={css.previewImages}>
        {samples.slice(0, 8).map((sample) => {
          const one = tried.find(({ key }) => key === sample.key);
          return one ? (
            <Shown key={sample.key} tried={one} threshold={threshold} labels={version.labels} />
          ) : (
            <Skeleton key={sample.key} height={112} />
          );
        })}
      </div>
    </div>
  );
}

const above = ({ detections }: Answer, threshold: number) => detections.filter((one) => one.confidence >= threshold);
const whole = ({ task }: ModelVersion) => task === "classification";

function said(tried: readonly Tried[], threshold: number, version: ModelVersion): string {
  const through = tried.map(({ answer }) => above(answer, threshold).length);
  const silent = through.filter((n) => n === 0).length;
  const images = `${plural(tried.length, "sample image")}${version.dataset_version ? " that it was not trained on" : ""}`;
  if (whole(version)) {
    return silent === 0
      ? `Answers all of ${images}.`
      : `Says “unsure” of ${count(silent)} (${percent(silent / tried.length)}) of ${images}.`;
  }
  const each = (through.reduce((sum, n) => sum + n, 0) / tried.length).toFixed(1);
  return `${each} ${each === "1.0" ? "detection" : "detections"} an image on ${images}; ${silent === 0 ? "none" : count(silent)} without any.`;
}

function Shown({ tried, threshold, labels }: { tried: Tried; threshold: number; labels: readonly string[] }) {
  const { asset, src, answer } = tried;
  const through = above(answer, threshold);
  const best = answer.detections[0];
  const isWhole = best && !best.box && !best.polygon;
  const shapes = isWhole
    ? [through[0] ?? { label: "unsure" }]
    : answer.detections
        .filter((one) => one.confidence >= Math.min(threshold, 0.1))
        .map((one) => ({ ...one, answered: one.confidence >= threshold }));
  return (
    <Picture
      asset={asset}
      src={src}
      width={answer.image.width}
      height={answer.image.height}
      shapes={shapes}
      labels={labels}
      aspect="4 / 3"
      alt={isWhole ? (through[0]?.label ?? "unsure") : plural(through.length, "detection")}
    />
  );
}
