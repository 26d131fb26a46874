/* What the query finds, as a file. */
import { useState } from "react";
import { apiUrl } from "../api/client";
import { Button } from "../design/controls";
import css from "./query.module.css";

const FORMS = [
  { form: "jsonl", title: "JSON lines", says: "everything, a line for each image" },
  { form: "parquet", title: "Parquet", says: "the same as a table" },
  { form: "coco", title: "COCO", says: "detections with images, for other tools" },
];

type Props = { deployment: string; query: string; disabled: boolean };

export function ExportMenu({ deployment, query, disabled }: Props) {
  const [open, setOpen] = useState(false);
  const leave = (event: React.FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
  };
  return (
    <div className={css.drop} onBlur={leave} onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      <Button icon="download" aria-expanded={open} disabled={disabled} onClick={() => setOpen(!open)}>
        Export
      </Button>
      {open && (
        <div className={css.menu} role="group" aria-label="What is found, as a file">
          {FORMS.map(({ form, title, says }) => (
            <a
              key={form}
              download
              href={apiUrl(`/deployments/${deployment}/predictions/export`, { query, form })}
              onClick={() => setOpen(false)}
            >
              {title} <small>{says}</small>
            </a>
          ))}
        </div>
      )}
    </div>
  );
}
