/* Every model, its latest version and how good that is. */
import { useNavigate, Link } from "react-router";
import { useGet } from "../api/use";
import { plural, words } from "../design/format";
import { Card, Empty, Loaded, Page, strong, tableClass } from "../design/page";
import { Time } from "../design/Time";
import { RegisterButton } from "./RegisterDialog";
import { mainScore } from "./scores";

export default function ModelsPage() {
  const models = useGet("/models", undefined, { every: 8000 });
  const navigate = useNavigate();
  return (
    <Page title="Models" actions={<RegisterButton />}>
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
                    <th>Versions</th>
                    <th>Latest</th>
                    <th>Test score</th>
                    <th data-n>Changed</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((model) => (
                    <tr key={model.id} data-link onClick={() => void navigate(`/models/${model.name}`)}>
                      <td>
                        <Link className={strong} to={`/models/${model.name}`} onClick={(event) => event.stopPropagation()}>
                          {model.name}
                        </Link>
                      </td>
                      <td>{words(model.task)}</td>
                      <td>{plural(model.versions, "version")}</td>
                      <td>{model.latest?.title ?? "–"}</td>
                      <td>{model.latest ? mainScore(model.latest) : "–"}</td>
                      <td data-n>
                        <Time at={model.latest?.created_at ?? model.created_at} />
                      </td>
                    </tr>
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
