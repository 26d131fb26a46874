/* One model: its versions, the newest first. */
import { Link, useNavigate, useParams } from "react-router";
import { useGet } from "../api/use";
import { bytes, words } from "../design/format";
import { Card, Loaded, Page, strong, tableClass } from "../design/page";
import { Chip } from "../design/status";
import { Time } from "../design/Time";
import { RegisterButton } from "./RegisterDialog";
import { mainScore } from "./scores";

export default function ModelPage() {
  const { model = "" } = useParams();
  const versions = useGet(`/models/${model}/versions`, undefined, { every: 8000 });
  const navigate = useNavigate();
  const newest = versions.data?.items[0];
  return (
    <Page
      title={model}
      crumbs={[{ title: "Models", to: "/models" }]}
      chips={newest && <Chip>{words(newest.task)}</Chip>}
      actions={<RegisterButton model={model} />}
    >
      <Loaded query={versions}>
        {({ items }) => (
          <Card title="Versions" flush>
            <table className={tableClass}>
              <thead>
                <tr>
                  <th>Version</th>
                  <th>Score</th>
                  <th>Came from</th>
                  <th data-n>Labels</th>
                  <th data-n>Size</th>
                  <th data-n>Made</th>
                </tr>
              </thead>
              <tbody>
                {[...items]
                  .sort((a, b) => b.number - a.number)
                  .map((version) => (
                    <tr key={version.id} data-link onClick={() => void navigate(`/models/${model}/${version.number}`)}>
                      <td>
                        <Link className={strong} to={`/models/${model}/${version.number}`} onClick={(event) => event.stopPropagation()}>
                          {version.title}
                        </Link>
                      </td>
                      <td>{mainScore(version)}</td>
                      <td>{version.training_run ? "a training run" : "a file"}</td>
                      <td data-n>{version.labels.length}</td>
                      <td data-n>{bytes(version.size_bytes)}</td>
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
    </Page>
  );
}
