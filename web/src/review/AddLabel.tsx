/* A label that people miss: added here, it can be said at once, and the dataset learns it with its next version. */
import { useState } from "react";
import type { Deployment } from "../api/types";
import { useSend } from "../api/use";
import { Button, Input } from "../design/controls";
import { Notice } from "../design/status";

export function AddLabel({ deployment, added }: { deployment: string; added?: (label: string) => void }) {
  const [name, setName] = useState<string | null>(null);
  const adding = useSend<Deployment>("/deployments", "/overview");
  if (name === null) {
    return (
      <Button small look="quiet" icon="plus" onClick={() => setName("")}>
        Add label…
      </Button>
    );
  }
  const add = () => {
    const label = name.split(/\s+/).filter(Boolean).join(" ");
    if (!label) return setName(null);
    adding.mutate(
      { method: "POST", path: `/deployments/${deployment}/labels`, body: { label } },
      { onSuccess: () => (setName(null), added?.(label)) },
    );
  };
  return (
    <>
      <Input
        autoFocus
        aria-label="New label"
        placeholder="New label, then Enter"
        maxLength={200}
        value={name}
        disabled={adding.isPending}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== "Escape") return;
          event.preventDefault();
          event.stopPropagation();
          if (event.key === "Enter") add();
          else setName(null);
        }}
      />
      {adding.error && <Notice tone="bad">{adding.error.message}</Notice>}
    </>
  );
}
