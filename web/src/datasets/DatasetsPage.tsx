/* Every dataset, and a place to drop a new one. */
import { useState } from "react";
import type { Dataset, Page as Items } from "../api/types";
import { useRead } from "../api/use";
import { Switch } from "../design/controls";
import { count, words } from "../design/format";
import { LinkRow } from "../design/LinkRow";
import { Card, Empty, Loaded, Page, tableClass } from "../design/page";
import { Time } from "../design/Time";
import css from "./datasets.module.css";
import { Import } from "./Import";
import { SPLITS } from "./words";

export default function DatasetsPage() {
  const [archived, setArchived] = useState(false);
  const datasets = useRead<Items<Dataset>>("/datasets", { archived }, { every: 5000, keep: true });
  return (
    <Page
      title="Datasets"
      actions={
        <Switch checked={archived} onChange={setArchived}>
          Archived ones
        </Switch>
      }
    >
      <Loaded query={datasets}>
        {({ items }) => (
          <>
            {archived && items.length === 0 && (
              <Empty title="None is archived">A dataset that is archived stands here and can come back.</Empty>
            )}
            {items.length > 0 && (
              <Card flush>
                <div className={css.scroll}>
                  <table className={tableClass}>
                    <thead>
                      <tr>
                        <th>Dataset</th>
                        <th>Task</th>
                        <th data-n>Versions</th>
                        <th data-n>Train</th>
                        <th data-n>Validation</th>
                        <th data-n>Test</th>
                        <th data-n>Labels</th>
                        <th data-n>Changed</th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.map((dataset) => (
                        <LinkRow key={dataset.id} to={`/datasets/${dataset.name}`} title={dataset.name}>
                          <td>{words(dataset.task)}</td>
                          <td data-n>{count(dataset.versions)}</td>
                          {SPLITS.map((split) => (
                            <td key={split} data-n>
                              {count(dataset.latest?.images[split] ?? 0)}
                            </td>
                          ))}
                          <td data-n>{dataset.labels.length}</td>
                          <td data-n>
                            <Time at={dataset.latest?.created_at ?? dataset.created_at} />
                          </td>
                        </LinkRow>
                      ))}
                    </tbody>
                  </table>
                </div>
              </Card>
            )}
            {!archived && <Import taken={items.map((dataset) => dataset.name)} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}
