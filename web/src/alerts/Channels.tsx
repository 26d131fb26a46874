/* Ways to tell people: each can be tried, switched off, mended and taken away. */
import { useState } from "react";
import type { Channel, ChannelKind, Page as Items, TestResult } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Switch } from "../design/controls";
import { Confirm } from "../design/Dialog";
import { Card, dim } from "../design/page";
import { Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./alerts.module.css";
import { ChannelDialog } from "./ChannelDialog";

export function Channels() {
  const channels = useRead<Items<Channel>>("/channels", undefined, { every: 15000 });
  const kinds = useRead<Items<ChannelKind>>("/channel-kinds");
  const [edited, setEdited] = useState<Channel | "new" | null>(null);
  const known = kinds.data?.items ?? [];
  const items = channels.data?.items ?? [];
  return (
    <Card
      title="Channels"
      id="channels"
      aside={
        <Button small disabled={known.length === 0} onClick={() => setEdited("new")}>
          Add a channel
        </Button>
      }
    >
      {channels.error && <Notice tone="bad">{channels.error.message}</Notice>}
      <div className={css.rules}>
        {items.map((channel) => (
          <Line key={channel.id} channel={channel} kind={known.find((one) => one.name === channel.kind)} edit={() => setEdited(channel)} />
        ))}
        {items.length === 0 && <p className={dim}>Alerts are shown on these pages only. Add a channel, and choose it in a rule.</p>}
      </div>
      {edited && <ChannelDialog kinds={known} channel={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
    </Card>
  );
}

function Line({ channel, kind, edit }: { channel: Channel; kind: ChannelKind | undefined; edit: () => void }) {
  const send = useSend("/channels", "/alert-notices");
  const test = useSend<TestResult>("/channels", "/alert-notices");
  const path = `/channels/${channel.id}`;
  return (
    <div className={css.rule}>
      <Switch checked={channel.active} onChange={(active) => send.mutate({ method: "PATCH", path, body: { active } })}>
        {channel.name}
      </Switch>
      <span className={dim}>
        {kind?.title ?? channel.kind}, {channel.place}
        {channel.last_at && (
          <>
            ; last {channel.last_error ? "tried" : "told"} <Time at={channel.last_at} />
          </>
        )}
      </span>
      <span className={css.ruleActions}>
        <Button small disabled={test.isPending} onClick={() => test.mutate({ method: "POST", path: `${path}/test` })}>
          Send a test
        </Button>
        <Button small onClick={edit}>
          Edit
        </Button>
        <Confirm
          small
          button="Delete"
          title={`Delete ${channel.name}?`}
          lead="Rules that tell it go on without it."
          action="Delete"
          onConfirm={() => send.mutate({ method: "DELETE", path })}
        />
      </span>
      <div className={css.said}>
        {test.data && <Notice tone={test.data.delivered ? "ok" : "bad"}>{test.data.message}</Notice>}
        {!test.data && channel.off_reason && <Notice tone="bad">Switched off: {channel.off_reason}</Notice>}
        {!test.data && !channel.off_reason && channel.last_error && <Notice tone="warn">{channel.last_error}</Notice>}
        {(send.error ?? test.error) && <Notice tone="bad">{(send.error ?? test.error)?.message}</Notice>}
      </div>
    </div>
  );
}
