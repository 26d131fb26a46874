/* Puts a dataset out of the way, or deletes one that nothing rests on. */
import { useState } from "react";
import { useNavigate } from "react-router";
import { send } from "../api/client";
import type { Dataset, DatasetUses } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Field, Input } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { plural } from "../design/format";
import { Notice } from "../design/status";

export function EndDataset({ dataset }: { dataset: Dataset }) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState("");
  const uses = useRead<DatasetUses>(open ? `/datasets/${dataset.name}/uses` : null);
  const archive = useSend("/dataset");
  const navigate = useNavigate();
  const archived = dataset.archived_at !== null;
  const reasons = uses.data?.reasons ?? [];
  const turn = () =>
    archive.mutate(
      { method: "PUT", path: `/datasets/${dataset.name}/archive`, body: { archived: !archived } },
      { onSuccess: () => setOpen(false), onError: (error) => setProblem(error.message) },
    );
  const remove = async () => {
    try {
      await send("DELETE", `/datasets/${dataset.name}?confirm=${encodeURIComponent(typed)}`);
      void navigate("/datasets");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It was not deleted.");
    }
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>Archive or delete…</Button>
      <Dialog
        open={open}
        onClose={() => (setOpen(false), setProblem(""), setTyped(""))}
        title={`Archive or delete ${dataset.name}`}
        lead={`${plural(dataset.versions, "version")}. Archived, it is out of the lists and takes nothing new; everything stays, and it can come back.`}
        footer={
          <>
            <Button disabled={archive.isPending} onClick={turn}>
              {archived ? "Bring it back" : "Archive"}
            </Button>
            <Button look="danger" disabled={!uses.data || reasons.length > 0 || typed !== dataset.name} onClick={() => void remove()}>
              Delete every version
            </Button>
          </>
        }
      >
        {problem && <Notice tone="bad">{problem}</Notice>}
        {reasons.length > 0 ? (
          <Notice tone="warn">
            It cannot be deleted:
            <ul>
              {reasons.map((reason) => (
                <li key={reason}>{reason}</li>
              ))}
            </ul>
          </Notice>
        ) : (
          <Field label={`To delete it for good, type ${dataset.name}`} hint="Images that reviews or other datasets need stay.">
            <Input value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
          </Field>
        )}
      </Dialog>
    </>
  );
}
