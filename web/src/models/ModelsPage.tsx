/* Every model, its latest version and how good that is. */
import { useGet } from "../api/use";
import { count, words } from "../design/format";
import { LinkRow } from "../design/LinkRow";
import { Card, Empty, Loaded, Page, tableClass } from "../design/page";
import { Time } from "../design/Time";
import { RegisterButton } from "./RegisterDialog";
import { mainScore } from "./scores";

export default function ModelsPage() {
  const models = useGet("/models", undefined, { every: 8000 });
  return (
    <Page title="Models" actions={models.data?.items.length ? <RegisterButton /> : null}>
      <Loaded query={models}>
        {({ items }) =>
          items.length === 0 ? (
            <Card>
              <Empty title="No models yet" actions={<RegisterButton />}>
                Register an ONNX file, or start a training run: its result appears here as a new version.
              </Empty>
            </Card>
          ) : (
            <Card flush>
              <table className={tableClass}>
                <thead>
                  <tr>
                    <th>Model</th>
                    <th>Task</th>
                    <th data-n>Versions</th>
                    <th>Latest</th>
                    <th>Score</th>
                    <th data-n>Changed</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((model) => (
                    <LinkRow key={model.id} to={`/models/${model.name}`} title={model.name}>
                      <td>{words(model.task)}</td>
                      <td data-n>{count(model.versions)}</td>
                      <td>{model.latest?.title ?? "–"}</td>
                      <td>{model.latest ? mainScore(model.latest) : "–"}</td>
                      <td data-n>
                        <Time at={model.latest?.created_at ?? model.created_at} />
                      </td>
                    </LinkRow>
                  ))}
                </tbody>
              </table>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}
