/* One dataset: its versions, each with where it came from. */
import { Link, useNavigate, useParams } from "react-router";
import type { Dataset, DatasetVersion, Page as Items } from "../api/types";
import { useRead } from "../api/use";
import { count, who, words } from "../design/format";
import { Card, Loaded, Page, strong, tableClass } from "../design/page";
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
  const navigate = useNavigate();
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
                      <tr key={version.id} data-link onClick={() => void navigate(`/datasets/${dataset}/${version.number}`)}>
                        <td>
                          <Link
                            className={strong}
                            to={`/datasets/${dataset}/${version.number}`}
                            onClick={(event) => event.stopPropagation()}
                          >
                            {version.title}
                          </Link>
                        </td>
                        <td>{ORIGINS[version.origin]}</td>
                        {SPLITS.map((split) => (
                          <td key={split} data-n>
                            {count(version.images[split] ?? 0)}
                          </td>
                        ))}
                        <td className={css.note}>
                          {version.note}
                          {version.number > 1 && (
                            <>
                              {" "}
                              <Link
                                className={css.link}
                                to={`/datasets/${dataset}/${version.number}/changes`}
                                onClick={(event) => event.stopPropagation()}
                              >
                                what changed
                              </Link>
                            </>
                          )}
                        </td>
                        <td>{who(version.created_by)}</td>
                        <td data-n>
                          <Time at={version.created_at} />
                        </td>
                      </tr>
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
