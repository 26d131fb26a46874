/* What the pages inside a deployment share: its overview, handed down by the page that holds the tabs. */
import { useOutletContext } from "react-router";
import type { DeploymentOverview } from "../api/types";

export function useDeployment(): DeploymentOverview {
  return useOutletContext<DeploymentOverview>();
}
