/* Try a deployment from here, or copy the command that sends images from code. */
import { useState } from "react";
import type { Deployment } from "../api/types";
import { Button } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { OwnMachines, SendImages } from "./Snippets";
import { TryOut } from "./TryOut";

export function SendButton({ deployment }: { deployment: Deployment }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon="upload" onClick={() => setOpen(true)}>
        Send images
      </Button>
      {open && <SendDialog deployment={deployment} onClose={() => setOpen(false)} />}
    </>
  );
}

function SendDialog({ deployment, onClose }: { deployment: Deployment; onClose: () => void }) {
  const external = deployment.target === "external";
  const path = `/deployments/${deployment.name}`;
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Send images to ${deployment.name}`}
      lead={external ? "This model runs on your own machines: send Relens what it said." : undefined}
    >
      {!external && (
        <TryOut door={{ look: `${path}/try`, predict: `${path}/predict` }} labels={deployment.labels} threshold={deployment.threshold} />
      )}
      {external ? (
        <OwnMachines
          name={deployment.name}
          version={{ id: deployment.champion?.id ?? "", labels: deployment.labels, task: deployment.task }}
        />
      ) : (
        <SendImages name={deployment.name} />
      )}
    </Dialog>
  );
}
