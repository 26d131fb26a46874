/* What stands there when a page could not be drawn. */
import { useRouteError } from "react-router";
import { LinkButton } from "../design/controls";
import { Empty } from "../design/page";

export function Broken() {
  const error = useRouteError();
  return (
    <Empty title="This page could not be shown" actions={<LinkButton to="/">Go to deployments</LinkButton>}>
      {error instanceof Error ? error.message : "Something unexpected happened."} Reloading often helps after an update of the server.
    </Empty>
  );
}
