/* What the pages inside a deployment share, handed down by the page that holds the tabs. */
import { useOutletContext } from "react-router";
import type { DeploymentOverview, Loop } from "../api/types";

export type InDeployment = DeploymentOverview & { loop: Loop | null };

export function useDeployment(): InDeployment {
  return useOutletContext<InDeployment>();
}
