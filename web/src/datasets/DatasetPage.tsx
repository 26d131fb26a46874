/* One dataset: its versions, each with where it came from. */
import { Link, useParams } from "react-router";
import { asSentence } from "../api/sentence";
import type { Dataset, DatasetVersion, Page as Items } from "../api/types";
import { useRead } from "../api/use";
import { count, who, words } from "../design/format";
import { LinkRow } from "../design/LinkRow";
import { Card, Loaded, Page, tableClass } from "../design/page";
import { Chip } from "../design/status";
import { Time } from "../design/Time";
import css from "./datasets.module.css";
import { EndDataset } from "./EndDataset";
import { Import } from "./Import";
import { LeaveOut } from "./LeaveOut";
import { ORIGINS, SPLITS } from "./words";

export default function DatasetPage() {
  const { dataset = "" } = useParams();
  const versions = useRead<Items<DatasetVersion>>(`/datasets/${dataset}/versions`, undefined, { every: 5000 });
  const about = useRead<Dataset>(`/datasets/${dataset}`);
  const newest = versions.data?.items[0];
  return (
    <Page
      title={dataset}
      crumbs={[{ title: "Datasets", to: "/datasets" }]}
      chips={
        <>
          {newest && <Chip>{words(newest.task)}</Chip>}
          {about.data?.archived_at && <Chip tone="warn">Archived</Chip>}
        </>
      }
      actions={about.data && <EndDataset dataset={about.data} />}
    >
      <Loaded query={versions}>
        {({ items }) => (
          <Card title="Versions" flush>
            <div className={css.scroll}>
              <table className={tableClass}>
                <thead>
                  <tr>
                    <th>Version</th>
                    <th>Came from</th>
                    <th data-n>Train</th>
                    <th data-n>Validation</th>
                    <th data-n>Test</th>
                    <th>Note</th>
                    <th>By</th>
                    <th data-n>Made</th>
                  </tr>
                </thead>
                <tbody>
                  {[...items]
                    .sort((a, b) => b.number - a.number)
                    .map((version) => (
                      <LinkRow key={version.id} to={`/datasets/${dataset}/${version.number}`} title={version.title}>
                        <td>{ORIGINS[version.origin]}</td>
                        {SPLITS.map((split) => (
                          <td key={split} data-n>
                            {count(version.images[split] ?? 0)}
                          </td>
                        ))}
                        <td className={css.note}>
                          {version.note && asSentence(version.note)}
                          {version.number > 1 && (
                            <>
                              {version.note && " · "}
                              <Link
                                className={css.link}
                                to={`/datasets/${dataset}/${version.number}/changes`}
                                onClick={(event) => event.stopPropagation()}
                              >
                                What changed
                              </Link>
                            </>
                          )}
                        </td>
                        <td>{who(version.created_by)}</td>
                        <td data-n>
                          <Time at={version.created_at} />
                        </td>
                      </LinkRow>
                    ))}
                </tbody>
              </table>
            </div>
          </Card>
        )}
      </Loaded>
      {newest && <LeaveOut newest={newest} />}
      {!about.data?.archived_at && <Import taken={[dataset]} name={dataset} />}
    </Page>
  );
}
