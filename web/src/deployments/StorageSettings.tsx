/* Which images are kept and for how long, with what that takes, before it is chosen. */
import { useState } from "react";
import { useSeen } from "../api/seen";
import type { Forecast, Keeping, Storage } from "../api/types";
import { useGet, useSend } from "../api/use";
import { Button, Field, Input, Select } from "../design/controls";
import { bytes, count, lasting, percent, plural, words } from "../design/format";
import { Card, dim, Fact, Facts, Loaded } from "../design/page";
import { Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./deployments.module.css";

const KEPT = [
  { value: "all", title: "Every image" },
  { value: "uncertain", title: "Uncertain and unusual ones, and a share of the rest" },
  { value: "share", title: "A random share" },
  { value: "none", title: "None: only the answers" },
];
const FULL = [
  { value: "refuse", title: "Refuse new images" },
  { value: "answer unlogged", title: "Answer, and log nothing" },
];

export function StorageSettings({ deployment }: { deployment: string }) {
  const keeping = useGet(`/deployments/${deployment}/images`);
  const storage = useGet(`/deployments/${deployment}/storage`, undefined, { every: 15_000 });
  return (
    <Card title="Storage" id="storage">
      <div className={css.form}>
        {storage.data && <Now storage={storage.data} />}
        <Loaded query={keeping} height={160}>
          {(found) => <Choice deployment={deployment} keeping={found} />}
        </Loaded>
      </div>
    </Card>
  );
}

function Now({ storage }: { storage: Storage }) {
  return (
    <>
      <Facts>
        <Fact name="Images kept">{count(storage.images_kept)}</Fact>
        <Fact name="They take">{bytes(storage.bytes_kept)}</Fact>
        <Fact name="Oldest">
          <Time at={storage.oldest_kept} />
        </Fact>
        {storage.disk_free !== null && <Fact name="Free on the disk">{bytes(storage.disk_free)}</Fact>}
      </Facts>
      {storage.dropped.length > 0 && (
        <p className={dim}>
          {storage.dropped.map((one) => `${count(one.images)} not here: ${words(one.reason).toLowerCase()}`).join(" · ")}
        </p>
      )}
      {storage.unlogged > 0 && <Notice tone="warn">{plural(storage.unlogged, "image")} answered and not logged: the disk was full.</Notice>}
    </>
  );
}

type Typed = { images: Keeping["images"]; share: string; days: string; full: Keeping["when_full"] };

function typedOf({ images, share, days, when_full: full }: Keeping): Typed {
  return { images, share: String(Math.round(share * 1000) / 10), days: String(days ?? ""), full };
}

function Choice({ deployment, keeping }: { deployment: string; keeping: Keeping }) {
  const [edited, setEdited] = useState<Partial<Typed>>({});
  const { images, share, days, full } = { ...typedOf(keeping), ...edited };
  const change = (part: Partial<Typed>) => setEdited({ ...edited, ...part });
  const path = `/deployments/${deployment}/images`;
  const save = useSend<Keeping>(path, `/deployments/${deployment}/storage`);
  const seen = useSeen(path, Object.keys(edited).length > 0);
  const partly = images === "share" || images === "uncertain";
  const wanted = { images, share: Number(share) / 100, days: days === "" ? null : Number(days), when_full: full };
  const fits = wanted.share > 0 && wanted.share <= 1 && (wanted.days === null || wanted.days >= 1);
  const asked = { deployment, images, share: wanted.share, days: wanted.days };
  const forecast = useGet(fits ? "/storage/forecast" : null, asked, { keep: true }).data;
  const submit = () =>
    save.mutate({ method: "PUT", path, body: wanted, headers: seen.headers }, { onSuccess: () => setEdited({}), onError: seen.told });
  return (
    <form onSubmit={(event) => (event.preventDefault(), submit())} className={css.form}>
      <Field label="Keep">
        <Select value={images} onChange={(event) => change({ images: event.target.value as Keeping["images"] })} options={KEPT} />
      </Field>
      {partly && (
        <Field label="Share, in per cent">
          <Input type="number" min={0.1} max={100} step="any" value={share} onChange={(event) => change({ share: event.target.value })} />
        </Field>
      )}
      {images !== "none" && (
        <Field label="Days" hint="Empty: as long as there is room. Reviewed images always stay.">
          <Input type="number" min={1} value={days} onChange={(event) => change({ days: event.target.value })} />
        </Field>
      )}
      <Field label="When the disk is full">
        <Select value={full} onChange={(event) => change({ full: event.target.value as Keeping["when_full"] })} options={FULL} />
      </Field>
      {forecast && fits && <ForecastLine forecast={forecast} />}
      {save.error && <Notice tone="bad">{save.error.message}</Notice>}
      <div className={css.save}>
        <Button look="primary" type="submit" disabled={!fits || save.isPending}>
          Save
        </Button>
        {save.isSuccess && Object.keys(edited).length === 0 && <span role="status">Saved</span>}
      </div>
    </form>
  );
}

/** What a choice takes: a day, and in the end. */
export function ForecastLine({ forecast }: { forecast: Forecast }) {
  if (forecast.early) return <p className={dim}>Too early to tell what a day takes: images have come for less than an hour.</p>;
  const end =
    forecast.gb_at_most !== null
      ? `${bytes(forecast.gb_at_most * 1e9)} at most`
      : forecast.days_left === null
        ? ""
        : `the disk lasts ${lasting(forecast.days_left)}`;
  return (
    <p className={dim} title={forecast.assumptions.join("\n")}>
      {bytes(forecast.gb_per_day * 1e9)} a day from {count(Math.round(forecast.images_per_day))} images
      {forecast.kept_share < 1 && `, ${percent(forecast.kept_share)} of them kept`}
      {end && `; ${end}`}.{forecast.assumptions.length > 0 && ` Assumed: ${forecast.assumptions.join("; ")}.`}
    </p>
  );
}
