/* One dataset version: how many of what in which split, and its images with their annotations. */
import { useParams, useSearchParams } from "react-router";
import { apiUrl } from "../api/client";
import type { DatasetItem, DatasetVersion } from "../api/types";
import { usePages, useRead } from "../api/use";
import { labelColour } from "../design/colours";
import { Button, Select } from "../design/controls";
import { count, who, words } from "../design/format";
import { Card, Empty, Fact, Facts, Loaded, Page, Skeleton, tableClass } from "../design/page";
import { Picture } from "../design/Picture";
import { Chip } from "../design/status";
import { Time } from "../design/Time";
import css from "./datasets.module.css";

const SPLITS = ["train", "validation", "test"];

export default function VersionPage() {
  const { dataset = "", number = "" } = useParams();
  const version = useRead<DatasetVersion>(`/dataset-versions/${dataset}/${number}`);
  return (
    <Page
      title={version.data?.title ?? `${dataset} v${number}`}
      crumbs={[
        { title: "Datasets", to: "/datasets" },
        { title: dataset, to: `/datasets/${dataset}` },
      ]}
      chips={version.data && <Chip>{version.data.origin === "feedback" ? "from reviews" : "imported"}</Chip>}
      actions={
        <a
          className={css.download}
          href={apiUrl(`/dataset-versions/${dataset}/${number}/export`, {
            format: version.data?.task === "classification" ? "folder" : "coco",
          })}
        >
          Download
        </a>
      }
    >
      <Loaded query={version} height={280}>
        {(found) => (
          <>
            <Card>
              <Facts>
                {SPLITS.map((split) => (
                  <Fact key={split} name={words(split)}>
                    {count(found.images[split] ?? 0)}
                  </Fact>
                ))}
                <Fact name="Task">{words(found.task)}</Fact>
                <Fact name="Made">
                  <Time at={found.created_at} />
                </Fact>
                <Fact name="By">{who(found.created_by)}</Fact>
                {found.note && <Fact name="Note">{found.note}</Fact>}
                <Fact name="Content">
                  <code title={found.content_hash}>{found.content_hash.slice(0, 12)}…</code>
                </Fact>
              </Facts>
            </Card>
            <Statistics version={found} />
            <Browse version={found} reference={`${dataset}/${number}`} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Statistics({ version }: { version: DatasetVersion }) {
  const rows = version.labels.map((label) => ({ label, counts: SPLITS.map((split) => version.statistics?.[label]?.[split] ?? 0) }));
  const top = Math.max(...rows.map((row) => row.counts.reduce((sum, n) => sum + n, 0)), 1);
  return (
    <Card title="Labels" flush>
      <table className={tableClass}>
        <thead>
          <tr>
            <th>Label</th>
            <td />
            {SPLITS.map((split) => (
              <th key={split} data-n>
                {words(split)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.label}>
              <td>{row.label}</td>
              <td className={css.barCell}>
                <span
                  style={{
                    width: `${(row.counts.reduce((sum, n) => sum + n, 0) / top) * 100}%`,
                    background: labelColour(row.label, version.labels),
                  }}
                />
              </td>
              {row.counts.map((n, i) => (
                <td key={SPLITS[i]} data-n>
                  {count(n)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Browse({ version, reference }: { version: DatasetVersion; reference: string }) {
  const [search, setSearch] = useSearchParams();
  const split = search.get("split") ?? "";
  const label = search.get("label") ?? "";
  const pages = usePages<DatasetItem>(`/dataset-versions/${reference}/items`, { split, label, limit: 48 });
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const change = (name: string, value: string) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  return (
    <Card
      title="Images"
      aside={
        <span className={css.filters}>
          <Select
            aria-label="Split"
            value={split}
            onChange={(event) => change("split", event.target.value)}
            options={[{ value: "", title: "All splits" }, ...SPLITS.map((one) => ({ value: one, title: words(one) }))]}
          />
          <Select
            aria-label="Label"
            value={label}
            onChange={(event) => change("label", event.target.value)}
            options={[{ value: "", title: "All labels" }, ...version.labels.map((one) => ({ value: one, title: one }))]}
          />
        </span>
      }
    >
      {!pages.data ? (
        <Skeleton height={200} />
      ) : items.length === 0 ? (
        <Empty title="No image fits">Choose another split or label.</Empty>
      ) : (
        <div className={css.grid}>
          {items.map((item) => (
            <figure key={item.asset}>
              <Picture
                asset={item.asset}
                width={item.width ?? 4}
                height={item.height ?? 3}
                shapes={item.annotations}
                labels={version.labels}
                aspect="4 / 3"
                alt={item.file_name}
              />
              <figcaption title={item.file_name}>
                <span>{item.file_name}</span>
                <span>{item.split}</span>
              </figcaption>
            </figure>
          ))}
        </div>
      )}
      {pages.hasNextPage && (
        <div className={css.more}>
          <Button onClick={() => void pages.fetchNextPage()} disabled={pages.isFetchingNextPage}>
            Load more
          </Button>
        </div>
      )}
    </Card>
  );
}
