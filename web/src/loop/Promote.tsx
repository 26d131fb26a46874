/* Makes a version champion by hand. What the gate found out of it, if it was judged, says what the threshold would do for it. */
import { useState } from "react";
import type { Deployment, RoleVersion } from "../api/types";
import { useGet } from "../api/use";
import { Confirm } from "../design/Dialog";
import { ThresholdThen } from "./ThresholdThen";

type Props = { deployment: Deployment; version: RoleVersion; promote: (threshold: number | null) => void };

export function PromoteButton({ deployment, version, promote }: Props) {
  const decisions = useGet(`/deployments/${deployment.name}/decisions`);
  const about = decisions.data?.items.find(
    ({ candidate, champion }) => candidate.id === version.id && champion.id === deployment.champion?.id,
  );
  const found = about?.report?.threshold;
  const [picked, setPicked] = useState<number | null>(null);
  // Judged at another threshold than that of today, what was found says nothing of keeping it.
  const known = found && found.kept.threshold === deployment.threshold ? found : null;
  const better = known?.worse && known.best ? known.best.threshold : null;
  const chosen = picked ?? better;
  return (
    <Confirm
      small
      button={`Promote ${version.title}`}
      title={`Make ${version.title} champion?`}
      lead={`It answers from then on. ${deployment.champion?.title ?? "The champion"} stays at hand for a rollback; no request fails meanwhile.`}
      action="Promote"
      onConfirm={() => promote(chosen)}
    >
      {known && <ThresholdThen found={known} otherwise={deployment.threshold} chosen={chosen} choose={setPicked} />}
    </Confirm>
  );
}
