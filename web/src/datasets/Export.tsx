/* A download in every format that can say what the version holds. */
import { apiUrl } from "../api/client";
import type { DatasetFormat, DatasetVersion, Page } from "../api/types";
import { useRead } from "../api/use";
import css from "./datasets.module.css";

export function Export({ version }: { version: DatasetVersion }) {
  const formats = useRead<Page<DatasetFormat>>("/dataset-formats");
  const able = (formats.data?.items ?? []).filter((one) => one.tasks.includes(version.task));
  return (
    <span className={css.filters} role="group" aria-label="Download as">
      {able.map((one) => (
        <a
          key={one.name}
          className={css.download}
          title={one.layout}
          href={apiUrl(`/dataset-versions/${version.id}/export`, { format: one.name })}
        >
          {one.title}
        </a>
      ))}
    </span>
  );
}
