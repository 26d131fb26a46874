/* What differs between two versions: images and annotations that came, went or changed. */
import { useParams } from "react-router";
import type { DatasetVersion, Difference, Page as Items, VersionDiff } from "../api/types";
import { usePages, useRead } from "../api/use";
import { Segmented, Select } from "../design/controls";
import { count, words } from "../design/format";
import { More } from "../design/More";
import { Card, Empty, Loaded, Page, Skeleton, tableClass } from "../design/page";
import { useSearch } from "../design/useSearch";
import css from "./datasets.module.css";
import { SplitAndLabel } from "./SplitAndLabel";
import { Tile } from "./Tile";
import { Scrolled } from "../design/Scrolled";
import { SPLITS, sum } from "./words";

type Kind = Difference["kind"];

export default function ChangesPage() {
  const { dataset = "", number = "" } = useParams();
  const [search, change] = useSearch();
  const set = (name: string, value: string) => change({ [name]: value });
  const versions = useRead<Items<DatasetVersion>>(`/datasets/${dataset}/versions`);
  const here = versions.data?.items.find((one) => one.number === Number(number));
  const earlier = (versions.data?.items ?? []).filter((one) => one.number < Number(number));
  const against = search.get("against") ?? String(earlier[0]?.number ?? "");
  const diff = useRead<VersionDiff>(against ? `/dataset-versions/${dataset}/${number}/diff` : null, { against: `${dataset}/${against}` });
  return (
    <Page
      title={`What changed in v${number}`}
      crumbs={[
        { title: "Datasets", to: "/datasets" },
        { title: dataset, to: `/datasets/${dataset}` },
        { title: `v${number}`, to: `/datasets/${dataset}/${number}` },
      ]}
      actions={
        <label className={css.out}>
          <span>Compared with</span>
          <Select
            value={against}
            onChange={(event) => set("against", event.target.value)}
            options={earlier.map((one) => ({ value: String(one.number), title: one.title }))}
          />
        </label>
      }
    >
      {versions.data && earlier.length === 0 ? (
        <Empty title="This is the first version">There is none before it to compare it with.</Empty>
      ) : (
        <Loaded query={diff} height={280}>
          {(found) => (
            <>
              <Images found={found} />
              {found.labels.length > 0 && <ByLabel found={found} />}
              <List found={found} places={here?.labels ?? []} search={search} set={set} />
            </>
          )}
        </Loaded>
      )}
    </Page>
  );
}

const KINDS: { value: Kind; title: string }[] = [
  { value: "added", title: "Added" },
  { value: "removed", title: "Removed" },
  { value: "changed", title: "Changed" },
];

function Images({ found }: { found: VersionDiff }) {
  return (
    <Card title="Images" flush>
      <table className={tableClass}>
        <thead>
          <tr>
            <td />
            {SPLITS.map((split) => (
              <th key={split} data-n>
                {words(split)}
              </th>
            ))}
            <th data-n>All</th>
          </tr>
        </thead>
        <tbody>
          {KINDS.map(({ value, title }) => (
            <tr key={value}>
              <th>{title}</th>
              {SPLITS.map((split) => (
                <td key={split} data-n>
                  {count(found.images[value]?.[split] ?? 0)}
                </td>
              ))}
              <td data-n>{count(sum(found.images[value]))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function ByLabel({ found }: { found: VersionDiff }) {
  const change = (added: number, removed: number) =>
    added || removed ? [added && `+${count(added)}`, removed && `−${count(removed)}`].filter(Boolean).join(" ") : "–";
  return (
    <Card title="Annotations" flush>
      <Scrolled label="Annotations" className={css.scroll}>
        <table className={tableClass}>
          <thead>
            <tr>
              <th>Label</th>
              {SPLITS.map((split) => (
                <th key={split} data-n>
                  {words(split)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.labels.map((one) => (
              <tr key={one.label}>
                <td className={css.label}>
                  {one.label}
                  {found.only_after.includes(one.label) && <span className={css.aside}> new label</span>}
                  {found.only_before.includes(one.label) && <span className={css.aside}> no label any more</span>}
                </td>
                {SPLITS.map((split) => (
                  <td key={split} data-n>
                    {change(one.added[split] ?? 0, one.removed[split] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
    </Card>
  );
}

type ListProps = { found: VersionDiff; places: string[]; search: URLSearchParams; set: (name: string, value: string) => void };

/** `places`: the labels of the version in their order, which gives them their colours here as on its own page. */
function List({ found, places, search, set }: ListProps) {
  const some = KINDS.find(({ value }) => sum(found.images[value]) > 0)?.value ?? "added";
  const kind = (search.get("kind") ?? some) as Kind;
  const split = search.get("split") ?? "";
  const label = search.get("label") ?? "";
  const pages = usePages<Difference>(`/dataset-versions/${found.after}/diff/images`, {
    against: found.before,
    kind,
    split,
    label,
    limit: 24,
  });
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const labels = found.labels.map((one) => one.label);
  const colours = [...new Set([...places, ...found.only_before, ...labels])];
  return (
    <Card
      title="One by one"
      aside={
        <span className={css.filters}>
          <Segmented label="Kind" value={kind} options={KINDS} onChange={(value) => set("kind", value)} />
          <SplitAndLabel split={split} label={label} labels={labels} set={set} />
        </span>
      }
    >
      {!pages.data ? (
        <Skeleton height={200} />
      ) : items.length === 0 ? (
        <Empty title="No image of this kind">Choose another kind, split or label.</Empty>
      ) : kind === "changed" ? (
        <div className={css.pairs}>
          {items.map((one) => (
            <Pair key={one.asset} one={one} labels={colours} />
          ))}
        </div>
      ) : (
        <div className={css.grid}>
          {items.map((one) => {
            const item = one.after ?? one.before;
            return item && <Tile key={one.asset} item={item} labels={colours} />;
          })}
        </div>
      )}
      <More pages={pages} />
    </Card>
  );
}

/** As it was and as it is, what differs drawn strongly. */
function Pair({ one, labels }: { one: Difference; labels: string[] }) {
  if (!one.before || !one.after) return null;
  const kept = one.kept.map((shape) => ({ ...shape, answered: false }));
  return (
    <div className={css.pair}>
      <Tile item={one.before} labels={labels} shapes={[...kept, ...one.removed]} note={`before · ${one.before.split}`} />
      <Tile item={one.after} labels={labels} shapes={[...kept, ...one.added]} note={`now · ${one.after.split}`} />
    </div>
  );
}
