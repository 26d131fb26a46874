/* One dataset version: how many of what in which split, its images with their annotations, and ways out of it. */
import { useParams } from "react-router";
import { asSentence } from "../api/sentence";
import type { DatasetVersion, Page as Items } from "../api/types";
import { useRead } from "../api/use";
import { LinkButton } from "../design/controls";
import { count, who, words } from "../design/format";
import { Card, Fact, Facts, Loaded, Page } from "../design/page";
import { Chip, Notice } from "../design/status";
import { Time } from "../design/Time";
import { Browse } from "./Browse";
import css from "./datasets.module.css";
import { Export } from "./Export";
import { Labels } from "./Labels";
import { ORIGINS, SPLITS } from "./words";

export default function VersionPage() {
  const { dataset = "", number = "" } = useParams();
  const version = useRead<DatasetVersion>(`/dataset-versions/${dataset}/${number}`);
  const versions = useRead<Items<DatasetVersion>>(`/datasets/${dataset}/versions`);
  const newest = versions.data?.items[0];
  return (
    <Page
      title={version.data?.title ?? `${dataset} v${number}`}
      crumbs={[
        { title: "Datasets", to: "/datasets" },
        { title: dataset, to: `/datasets/${dataset}` },
      ]}
      chips={version.data && <Chip>from {ORIGINS[version.data.origin]}</Chip>}
      actions={
        version.data && (
          <span className={css.out}>
            <span>Download as</span>
            <Export version={version.data} />
            {version.data.number > 1 && <LinkButton to={`/datasets/${dataset}/${version.data.number}/changes`}>What changed</LinkButton>}
          </span>
        )
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
                <Fact name="Content">
                  <code title={found.content_hash}>{found.content_hash.slice(0, 12)}…</code>
                </Fact>
              </Facts>
            </Card>
            {found.note && <Notice>{asSentence(found.note)}</Notice>}
            <Labels version={found} newest={newest?.id === found.id} />
            <Browse version={found} newest={newest?.id === found.id} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
