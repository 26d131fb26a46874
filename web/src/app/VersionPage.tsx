/* A model version with everything one may do with it: the models room shows it, the deployments room deploys it. */
import { useState } from "react";
import { Link, useParams } from "react-router";
import type { ModelVersion } from "../api/types";
import { useGet } from "../api/use";
import { DeployButton } from "../deployments/DeployDialog";
import { TryOut } from "../deployments/TryOut";
import { words } from "../design/format";
import { ShowAll } from "../design/More";
import { Card, dim, Loaded, Page, strong, tableClass } from "../design/page";
import { Chip, ServingChip } from "../design/status";
import { VersionFacts } from "../models/VersionFacts";

export default function VersionPage() {
  const { model = "", number = "" } = useParams();
  const reference: string = `${model}/${number}`;
  const version = useGet(`/model-versions/${reference}`);
  return (
    <Page
      title={version.data?.title ?? `${model} v${number}`}
      crumbs={[
        { title: "Models", to: "/models" },
        { title: model, to: `/models/${model}` },
      ]}
      chips={version.data && <Chip>{words(version.data.task)}</Chip>}
      actions={version.data && <DeployButton version={version.data} />}
    >
      <Loaded query={version} height={300}>
        {(found) => (
          <>
            <Deployed version={found} />
            <VersionFacts version={found} />
            <Card title="Try it" id="try">
              <TryOut
                key={found.id}
                door={{ look: `/models/${found.model_name}/versions/${found.number}/try` }}
                labels={found.labels}
                threshold={found.advised_threshold ?? 0.25}
              />
            </Card>
          </>
        )}
      </Loaded>
    </Page>
  );
}

const AT_FIRST = 6;

function Deployed({ version }: { version: ModelVersion }) {
  const [all, setAll] = useState(false);
  const deployments = useGet("/deployments", undefined, { every: 5000 });
  const where = (deployments.data?.items ?? []).flatMap((deployment) =>
    (["champion", "shadow", "canary"] as const).filter((role) => deployment[role]?.id === version.id).map((role) => ({ deployment, role })),
  );
  return (
    <Card title="Where it is deployed" flush={where.length > 0}>
      {where.length === 0 ? (
        <p className={dim}>Nowhere yet. Press Deploy to let it answer images, here or on your own machines.</p>
      ) : (
        <table className={tableClass}>
          <tbody>
            {(all ? where : where.slice(0, AT_FIRST)).map(({ deployment, role }) => (
              <tr key={deployment.id + role}>
                <td>
                  <Link className={strong} to={`/deployments/${deployment.name}`}>
                    {deployment.name}
                  </Link>
                </td>
                <td>{words(role)}</td>
                <td data-n>
                  <ServingChip serving={deployment.serving} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {!all && where.length > AT_FIRST && <ShowAll edge of={where.length} press={() => setAll(true)} />}
    </Card>
  );
}
