/* Which tiles stand where: what every image says, each camera and role by itself, the training data, and reviews. */
import type { ReactNode } from "react";
import type { Task } from "../api/types";
import { CalibrationTile, CurvesTile } from "./CurveTiles";
import { DriftTile } from "./DriftTile";
import { EstimatesTile } from "./EstimatesTile";
import { ImageSizeTile, LooksTile } from "./ImageTiles";
import { LabelsTile, MixTile, SupportTile } from "./LabelTiles";
import { ConfusionTile, MistakesTile } from "./MistakeTiles";
import css from "./monitoring.module.css";
import { OutlierTile } from "./OutlierTile";
import { ClassificationTile, PrecisionTile, ReportTile } from "./ReviewTiles";
import { RolesTable, type RoleLine } from "./RolesTable";
import { BoxSizeTile, ConfidenceTile, HeatmapTile, PerImageTile } from "./ShapeTiles";
import { SourcesTable } from "./SourcesTable";
import { BusyHoursTile, ErrorsTile, LatencyTile, VolumeTile } from "./TrafficTiles";

const FEW = 6;

type Props = { task: Task; labels: number; roles: RoleLine[]; source: string; choose: (source: string) => void };

export function Tiles({ task, labels, roles, source, choose }: Props) {
  const shapes = task !== "classification";
  // A matrix of many labels needs the whole width.
  const many = labels > FEW;
  return (
    <>
      <Group title="Traffic" lead="from every image">
        <VolumeTile />
        <LatencyTile />
        <LabelsTile />
        {shapes && <HeatmapTile />}
        <ConfidenceTile wide={shapes ? 3 : 4} />
        {shapes && <PerImageTile />}
        {shapes && <BoxSizeTile />}
        <LooksTile wide={shapes ? 3 : 4} />
        <ImageSizeTile wide={shapes ? 3 : 4} />
        <ErrorsTile wide={shapes ? 3 : 6} />
        <BusyHoursTile wide={shapes ? 3 : 6} />
      </Group>
      {!source && (
        <Group title="Sources" lead="each camera by itself">
          <SourcesTable choose={choose} />
        </Group>
      )}
      {roles.length > 1 && (
        <Group title="Roles" lead="on the same images">
          <RolesTable roles={roles} />
        </Group>
      )}
      <Group title="Against the training data" lead="how far production has moved">
        <DriftTile />
        <div className={css.stack}>
          <OutlierTile />
          <MixTile />
        </div>
      </Group>
      <Group title="From reviews" lead="the more you review, the more certain">
        {shapes ? (
          <>
            <div className={css.stack}>
              <EstimatesTile />
              <CalibrationTile />
            </div>
            <ReportTile />
            <PrecisionTile />
            <CurvesTile wide={many ? 6 : 4} />
            {!many && <ConfusionTile task={task} />}
            <MistakesTile wide={many ? 6 : 4} />
          </>
        ) : (
          <>
            <EstimatesTile />
            <ClassificationTile />
            {!many && <ConfusionTile task={task} />}
            <SupportTile wide={many ? 6 : 4} />
            <CalibrationTile wide={many ? 6 : 4} />
          </>
        )}
        {many && <ConfusionTile task={task} wide={12} />}
      </Group>
    </>
  );
}

function Group({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <section className={css.group}>
      <div className={css.groupHead}>
        <h2>{title}</h2>
        <span>{lead}</span>
      </div>
      <div className={css.grid}>{children}</div>
    </section>
  );
}
