/* Where a version came from, as a line back in time: what it was trained on, by which run, from which version, and so on. */
import { Link } from "react-router";
import type { ModelVersion } from "../api/types";
import { useGet } from "../api/use";
import { count, who } from "../design/format";
import { Card } from "../design/page";
import { Time } from "../design/Time";
import css from "./models.module.css";
import { mainScore } from "./scores";

const FURTHEST = 8;

export function Ancestors({ version }: { version: ModelVersion }) {
  return (
    <Card title="Where it came from">
      <ol className={css.ancestors}>
        <Ancestor id={version.id} known={version} left={FURTHEST} />
      </ol>
      {version.note && <p>{version.note}</p>}
    </Card>
  );
}

function Ancestor({ id, known, left }: { id: string; known?: ModelVersion; left: number }) {
  const read = useGet(known ? null : `/model-versions/${id}`);
  const version = known ?? read.data;
  const data = useGet(version?.dataset_version ? `/dataset-versions/${version.dataset_version}` : null);
  if (!version) return null;
  const trained = version.training_run !== null;
  return (
    <>
      <li data-here={known !== undefined}>
        {known ? (
          <strong>{version.title}</strong>
        ) : (
          <Link className={css.link} to={`/models/${version.model_name}/${version.number}`}>
            {version.title}
          </Link>
        )}
        {Object.keys(version.scores ?? {}).length > 0 && <span>{mainScore(version)}</span>}
        <small>
          {trained ? (
            <Link className={css.link} to={`/training/${version.training_run}`}>
              trained
            </Link>
          ) : (
            "registered from a file"
          )}{" "}
          <Time at={version.created_at} /> by {who(version.created_by)}
        </small>
        {data.data && (
          <small>
            on{" "}
            <Link className={css.link} to={`/datasets/${data.data.dataset_name}/${data.data.number}`}>
              {data.data.title}
            </Link>
            :{" "}
            {Object.entries(data.data.images)
              .map(([split, n]) => `${count(n)} ${split}`)
              .join(", ")}
            {data.data.origin === "feedback" ? ", grown by reviews" : ""}
          </small>
        )}
        {!version.dataset_version && <small>It is not known what it was trained on.</small>}
      </li>
      {version.parent && left > 1 && <Ancestor id={version.parent} left={left - 1} />}
    </>
  );
}
