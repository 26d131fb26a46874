/* Names for the version ids that filters speak of: every version that ever had a role here. */
import type { Page, RolePeriod } from "./types";
import { useRead } from "./use";

export function useVersionTitles(deployment: string): (id: string) => string {
  const roles = useRead<Page<RolePeriod>>(`/deployments/${deployment}/roles`, undefined, { every: 10_000 });
  const titles = new Map(
    (roles.data?.items ?? []).flatMap(({ model_version: version }) => (version ? [[version.id, version.title] as const] : [])),
  );
  return (id) => titles.get(id) ?? `${id.slice(0, 8)}…`;
}
