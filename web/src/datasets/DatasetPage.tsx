/* One dataset: its versions, each with where it came from. */
import { Link, useNavigate, useParams } from "react-router";
import type { DatasetVersion, Page as Items } from "../api/types";
import { useRead } from "../api/use";
import { count, who, words } from "../design/format";
import { Card, Loaded, Page, strong, tableClass } from "../design/page";
import { Chip } from "../design/status";
import { Time } from "../design/Time";
import { Import } from "./Import";

export default function DatasetPage() {
  const { dataset = "" } = useParams();
  const versions = useRead<Items<DatasetVersion>>(`/datasets/${dataset}/versions`, undefined, { every: 5000 });
  const navigate = useNavigate();
  return (
    <Page
      title={dataset}
      crumbs={[{ title: "Datasets", to: "/datasets" }]}
      chips={versions.data?.items[0] && <Chip>{words(versions.data.items[0].task)}</Chip>}
    >
      <Loaded query={versions}>
        {({ items }) => (
          <Card title="Versions" flush>
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
                        <Link className={strong} to={`/datasets/${dataset}/${version.number}`} onClick={(event) => event.stopPropagation()}>
                          {version.title}
                        </Link>
                      </td>
                      <td>{version.origin === "feedback" ? "reviews" : "an import"}</td>
                      {["train", "validation", "test"].map((split) => (
                        <td key={split} data-n>
                          {count(version.images[split] ?? 0)}
                        </td>
                      ))}
                      <td>{version.note}</td>
                      <td>{who(version.created_by)}</td>
                      <td data-n>
                        <Time at={version.created_at} />
                      </td>
                    </tr>
                  ))}
              </tbody>
            </table>
          </Card>
        )}
      </Loaded>
      <Import taken={[dataset]} name={dataset} />
    </Page>
  );
}
