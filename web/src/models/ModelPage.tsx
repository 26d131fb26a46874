/* One model: its versions, the newest first. */
import { useParams } from "react-router";
import { useGet } from "../api/use";
import { bytes, words } from "../design/format";
import { LinkRow } from "../design/LinkRow";
import { Card, Loaded, Page, tableClass } from "../design/page";
import { Chip } from "../design/status";
import { Time } from "../design/Time";
import { RegisterButton } from "./RegisterDialog";
import { mainScore } from "./scores";

export default function ModelPage() {
  const { model = "" } = useParams();
  const versions = useGet(`/models/${model}/versions`, undefined, { every: 8000 });
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
                    <LinkRow key={version.id} to={`/models/${model}/${version.number}`} title={version.title}>
                      <td>{mainScore(version)}</td>
                      <td>{version.training_run ? "a training run" : "a file"}</td>
                      <td data-n>{version.labels.length}</td>
                      <td data-n>{bytes(version.size_bytes)}</td>
                      <td data-n>
                        <Time at={version.created_at} />
                      </td>
                    </LinkRow>
                  ))}
              </tbody>
            </table>
          </Card>
        )}
      </Loaded>
    </Page>
  );
}
