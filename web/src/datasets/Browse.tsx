/* The images of a version with their annotations: by split and label, opened large, chosen to be called otherwise. */
import { useState } from "react";
import type { DatasetItem, DatasetVersion } from "../api/types";
import { usePages } from "../api/use";
import { Button } from "../design/controls";
import { plural } from "../design/format";
import { More } from "../design/More";
import { Card, Empty, Skeleton } from "../design/page";
import { useSearch } from "../design/useSearch";
import { ChangeLabels, type Wanted } from "./ChangeLabels";
import css from "./datasets.module.css";
import { Look } from "./Look";
import { SplitAndLabel } from "./SplitAndLabel";
import { Tile } from "./Tile";

export function Browse({ version, newest }: { version: DatasetVersion; newest: boolean }) {
  const [search, address] = useSearch();
  const split = search.get("split") ?? "";
  const label = search.get("label") ?? "";
  const pages = usePages<DatasetItem>(`/dataset-versions/${version.id}/items`, { split, label, limit: 48 });
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const [open, setOpen] = useState<number | null>(null);
  const [chosen, setChosen] = useState<string[]>([]);
  const [last, setLast] = useState(0);
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const change = (name: string, value: string) => {
    setChosen([]);
    address({ [name]: value });
  };
  const choose = (at: number, range: boolean) => {
    const some = range ? items.slice(Math.min(at, last), Math.max(at, last) + 1).map((item) => item.asset) : [items[at]?.asset ?? ""];
    setLast(at);
    setChosen((now) => (!range && now.includes(some[0] ?? "") ? now.filter((one) => one !== some[0]) : [...new Set([...now, ...some])]));
  };
  const shown = open === null ? undefined : items[open];
  return (
    <Card
      title="Images"
      aside={
        <span className={css.filters}>
          {chosen.length > 0 && (
            <>
              <span className={css.chosen}>{plural(chosen.length, "image")} chosen</span>
              <Button small onClick={() => setWanted({ kind: "split", labels: label ? [label] : version.labels, assets: chosen })}>
                Change {label || "labels"}…
              </Button>
              <Button small onClick={() => setChosen([])}>
                Choose none
              </Button>
            </>
          )}
          <SplitAndLabel split={split} label={label} labels={version.labels} set={change} />
        </span>
      }
    >
      {!pages.data ? (
        <Skeleton height={200} />
      ) : items.length === 0 ? (
        <Empty title="No image fits">Choose another split or label.</Empty>
      ) : (
        <div className={css.grid}>
          {items.map((item, at) => (
            <Tile
              key={item.asset}
              item={item}
              labels={version.labels}
              chosen={chosen.includes(item.asset)}
              onOpen={() => setOpen(at)}
              onChoose={newest ? (range) => choose(at, range) : undefined}
            />
          ))}
        </div>
      )}
      <More pages={pages} />
      {shown && open !== null && (
        <Look
          item={shown}
          labels={version.labels}
          onClose={() => setOpen(null)}
          onStep={(by) => setOpen(Math.min(Math.max(0, open + by), items.length - 1))}
        />
      )}
      {wanted && <ChangeLabels version={version} wanted={wanted} onClose={() => (setWanted(null), setChosen([]))} />}
    </Card>
  );
}
