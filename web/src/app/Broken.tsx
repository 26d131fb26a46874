/* What stands there when a page could not be drawn. */
import { useState } from "react";
import { useRouteError } from "react-router";
import { get } from "../api/client";
import { Button, LinkButton } from "../design/controls";
import { Empty } from "../design/page";
import { notLoaded } from "./notLoaded";

export function Broken() {
  const error = useRouteError();
  const [trying, setTrying] = useState(false);
  // While the server is away a reload would leave these pages for the browser's own.
  const again = () => {
    setTrying(true);
    get("/me").then(
      () => location.reload(),
      () => setTrying(false),
    );
  };
  const actions = (
    <>
      <Button look="primary" disabled={trying} onClick={again}>
        Try again
      </Button>
      <LinkButton to="/">Go to deployments</LinkButton>
    </>
  );
  const said = error instanceof Error && error.message ? error.message : "Something unexpected happened.";
  return (
    <Empty title="This page could not be shown" actions={actions}>
      {notLoaded(error) ? "The server did not send it: it does not answer, or was updated since these pages were opened." : said}
    </Empty>
  );
}
