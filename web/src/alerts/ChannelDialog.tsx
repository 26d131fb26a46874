/* Makes or mends a channel: the form is what its kind asks for. What is secret is never shown; left empty, it stays as it is. */
import { useState } from "react";
import type { Channel, ChannelKind, ChannelSetting } from "../api/types";
import { useSend } from "../api/use";
import { Button, Field, Input, Select, Textarea } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { Notice } from "../design/status";
import css from "./alerts.module.css";

export function ChannelDialog({ kinds, channel, onClose }: { kinds: ChannelKind[]; channel: Channel | null; onClose: () => void }) {
  const [kindName, setKind] = useState(channel?.kind ?? kinds[0].name);
  const [name, setName] = useState(channel?.name ?? "");
  const [given, setGiven] = useState<Record<string, string>>(channel?.settings ?? {});
  const save = useSend("/channels");
  const kind = kinds.find((one) => one.name === kindName) ?? kinds[0];
  const value = (setting: ChannelSetting) => given[setting.name] ?? setting.default;
  const submit = () => {
    const settings: Record<string, string> = {};
    for (const setting of kind.settings) {
      if (!setting.secret || !channel || value(setting) !== "") settings[setting.name] = value(setting);
    }
    const sent = channel
      ? { method: "PATCH" as const, path: `/channels/${channel.id}`, body: { name, settings, active: true } }
      : { method: "POST" as const, path: "/channels", body: { name, kind: kind.name, settings } };
    save.mutate(sent, { onSuccess: onClose });
  };
  return (
    <Dialog open onClose={onClose} title={channel ? `Edit ${channel.name}` : "Add a channel"}>
      <form className={css.new} onSubmit={(event) => (event.preventDefault(), submit())}>
        <Field label="Kind">
          <Select
            value={kind.name}
            disabled={channel !== null}
            onChange={(event) => setKind(event.target.value)}
            options={kinds.map((one) => ({ value: one.name, title: one.title }))}
          />
        </Field>
        {kind.missing && <Notice tone="warn">{kind.missing}</Notice>}
        <Field label="Name">
          <Input value={name} maxLength={100} required onChange={(event) => setName(event.target.value)} />
        </Field>
        {kind.settings.map((setting) => (
          <SettingField
            key={setting.name}
            setting={setting}
            value={value(setting)}
            kept={channel !== null && setting.secret}
            onChange={(text) => setGiven({ ...given, [setting.name]: text })}
          />
        ))}
        {save.error && <Notice tone="bad">{save.error.message}</Notice>}
        <div className={css.line}>
          <Button type="submit" look="primary" disabled={save.isPending || kind.missing !== null}>
            Save
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

type Shown = { setting: ChannelSetting; value: string; kept: boolean; onChange: (text: string) => void };

function SettingField({ setting, value, kept, onChange }: Shown) {
  const required = setting.required && !kept;
  const hint = kept ? "Kept as it is when left empty." : setting.hint;
  return (
    <Field label={setting.title} hint={hint || undefined}>
      {setting.choices.length > 0 ? (
        <Select
          value={value}
          onChange={(event) => onChange(event.target.value)}
          options={setting.choices.map((choice) => ({ value: choice, title: choice }))}
        />
      ) : setting.long ? (
        <Textarea value={value} rows={4} required={required} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <Input
          type={setting.secret ? "password" : "text"}
          autoComplete="off"
          value={value}
          required={required}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
