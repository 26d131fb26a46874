/* Decisions that are not yet with the server, on whatever page one is: sent as soon as that is possible, and said where it is not. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { Link } from "react-router";
import { NEEDS_TOKEN } from "../api/client";
import { Button } from "../design/controls";
import { plural } from "../design/format";
import { Notice } from "../design/status";
import { outgoing, refusals } from "./outgoing";
import css from "./unsent.module.css";

const EVERY_MS = 3000;

const HELD = {
  unreachable: "The server cannot be reached.",
  busy: "The server cannot take more at present.",
  token: "The server asks for its token.",
};

/** In the frame of every page. Draws nothing while everything gets through. `below`: where another sentence stands at the top already. */
export function Unsent({ below }: { below: boolean }) {
  const all = useSyncExternalStore(outgoing.subscribe, outgoing.all);
  const held = useSyncExternalStore(outgoing.subscribe, () => outgoing.held);
  const refused = useSyncExternalStore(refusals.subscribe, refusals.all);
  const client = useQueryClient();
  const waiting = all.filter((one) => !one.why);
  const aside = all.filter((one) => one.why);

  useEffect(() => {
    const send = () => {
      const before = outgoing.all().length;
      if (before === 0) return;
      void outgoing.flush().then(() => {
        if (outgoing.all().length < before)
          void client.invalidateQueries({ predicate: ({ queryKey }) => /^\/(deployments|predictions)\//.test(String(queryKey[0])) });
      });
    };
    send();
    const timer = setInterval(send, EVERY_MS);
    addEventListener("online", send);
    return () => {
      clearInterval(timer);
      removeEventListener("online", send);
    };
  }, [client]);

  return (
    <div className={css.unsent} data-below={below}>
      {held && waiting.length > 0 && (
        <Notice tone="warn">
          {HELD[held]} {plural(waiting.length, "decision")} kept in this browser and sent as soon as it can be; go on.{" "}
          {held === "token" && (
            <Button small onClick={() => dispatchEvent(new Event(NEEDS_TOKEN))}>
              Enter the token
            </Button>
          )}
        </Notice>
      )}
      {refused.length > 0 && (
        <Notice tone="bad">
          {refused.length > 1 && `${plural(refused.length, "decision")} were not kept. `}
          {refused[0].sentence} <Link to={`/deployments/${refused[0].deployment}/review?image=${refused[0].prediction}`}>Look at it</Link>{" "}
          <Button small look="quiet" onClick={refusals.clear}>
            Close
          </Button>
        </Notice>
      )}
      {aside.length > 0 && (
        <Notice tone="bad">
          {plural(aside.length, "decision")} could not be saved: {aside[0].why}{" "}
          <Button small onClick={() => void outgoing.retry()}>
            Try again
          </Button>{" "}
          <Link to={`/deployments/${aside[0].deployment}/review?image=${aside[0].prediction}`}>Look at it</Link>{" "}
          <Button small look="quiet" onClick={() => outgoing.discard()}>
            {aside.length === 1 ? "Discard it" : "Discard them"}
          </Button>
        </Notice>
      )}
    </div>
  );
}
