/* The images behind a cell of the heatmap or a bar of the confidences: nothing is filed by that, so the log is searched from the newest on. */
import { Link } from "react-router";
import type { CountedImage, CountedImages } from "../api/types";
import { usePages } from "../api/use";
import { Button } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { count, plural } from "../design/format";
import { Failed, Skeleton } from "../design/page";
import { Picture, type Drawn } from "../design/Picture";
import { Time } from "../design/Time";
import { useBoard } from "./board";
import css from "./counted.module.css";

export type Counted = { title: string; label: string; cell?: number; bin?: number };

export function CountedDialog({ counted, onClose }: { counted: Counted; onClose: () => void }) {
  const { name, params, labels } = useBoard();
  const wanted = { ...params, label: counted.label, cell: counted.cell, confidence_bin: counted.bin };
  const pages = usePages<CountedImage, CountedImages>(`/deployments/${name}/counted`, wanted);
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const read = pages.data?.pages.reduce((sum, page) => sum + page.read, 0) ?? 0;
  return (
    <Dialog open wide onClose={onClose} title={counted.title} lead={pages.data && said(items.length, read)}>
      {pages.error && <Failed error={pages.error} retry={() => void pages.refetch()} />}
      {!pages.data && !pages.error && <Skeleton height={220} />}
      <ul className={css.images}>
        {items.map((image) => (
          <li key={image.prediction}>
            <Link to={`/deployments/${name}/predictions/${image.prediction}`}>
              <Picture
                asset={image.asset}
                width={image.width}
                height={image.height}
                shapes={image.detections as Drawn[]}
                labels={labels}
                aspect="4 / 3"
                wide={220}
                alt={image.detections.map((one) => `${one.label} ${Math.round(one.confidence * 100)} %`).join(", ")}
              />
            </Link>
            <span>{image.detections.map((one) => `${one.label} ${Math.round(one.confidence * 100)}`).join(", ")}</span>
            <span>
              {image.source && `${image.source}, `}
              <Time at={image.taken_at} />
            </span>
          </li>
        ))}
      </ul>
      {pages.hasNextPage && (
        <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {pages.isFetchingNextPage ? "Looking…" : "Look further back"}
        </Button>
      )}
    </Dialog>
  );
}

function said(found: number, read: number): string {
  return `${plural(found, "image")} among the latest ${count(read)}, newest first.`;
}
