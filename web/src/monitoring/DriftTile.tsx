/* How far production has moved, in what way, where, and what that looks like. */
import { Link } from "react-router";
import { imageUrl } from "../api/client";
import type { Measurement } from "../api/types";
import { useRead } from "../api/use";
import { count, percent, score } from "../design/format";
import { useNow } from "../design/now";
import { Chip } from "../design/status";
import { Time } from "../design/Time";
import { alarmOf, sentence, Standing } from "./DriftStanding";
import css from "./monitoring.module.css";
import { useBoard } from "./board";
import { Tests } from "./DriftTests";
import { Windows } from "./DriftWindows";
import { ShareOverTime } from "./OverTime";
import { list, num, str } from "./read";
import { Tile } from "./Tile";

type Feature = Record<string, unknown>;
const HOUR_S = 3600;
const ENOUGH = 30;

export function DriftTile() {
  const lately = useLately();
  return (
    <Tile metric="drift" title="Drift" wide={8} headline={(whole) => <Verdict measure={lately ?? whole} />}>
      {(whole) => {
        const shown = lately ?? whole;
        const features = list<Feature>(alarmOf(shown) ?? shown.value, "features").slice(0, 4);
        const top = Math.max(...features.map((feature) => num(feature, "d") ?? 0), 0.3);
        return (
          <>
            <Standing measure={shown} />
            <div className={css.drift}>
              <Headline measure={shown} whole={lately ? whole : null} />
              <ul className={css.moved} aria-label="What moved most">
                {features.map((feature) => (
                  <li key={String(feature.name)}>
                    <span title={share(feature)}>{told(feature)}</span>
                    <span className={css.track}>
                      <span style={{ width: `${((num(feature, "d") ?? 0) / top) * 100}%` }} />
                    </span>
                    <span className={css.n}>{score(num(feature, "d"), 2)}</span>
                  </li>
                ))}
              </ul>
            </div>
            <ShareOverTime
              measure={whole}
              label="Drift over time, beyond what chance would show"
              height={92}
              digits={2}
              lines={[{ name: "Distance beyond chance", colour: "--warn-strong", as: "area", of: ["d_beyond_chance", "d"] }]}
            />
            <Windows />
            <Strips measure={shown} />
            <Tests />
          </>
        );
      }}
    </Tile>
  );
}

/** The last hour by itself, when the window is longer and the hour holds enough: a wide window hides what begins. */
function useLately(): Measurement | null {
  const { name, params, span, dashboard } = useBoard();
  const now = useNow(5000).getTime();
  const long = !params.to && span[1] - span[0] > 1.5 * HOUR_S && dashboard.metrics.drift?.available;
  const from = new Date(Math.floor(now / 5000) * 5000 - HOUR_S * 1000).toISOString();
  const hour = useRead<Measurement>(long ? `/deployments/${name}/metrics/drift` : null, { ...params, from }, { every: 5000, keep: true });
  return long && hour.data?.available && (num(hour.data.value, "n") ?? 0) >= ENOUGH ? hour.data : null;
}

function Verdict({ measure }: { measure: Measurement }) {
  const state = str(measure.value?.production as Feature | undefined, "state");
  const usual = measure.value?.usual;
  if (state === "alarm") return <Chip tone="bad">Not usual here</Chip>;
  if (typeof usual !== "boolean" || !num(measure.value, "n")) return null;
  if (!usual) return <Chip tone="warn">Not like the training data</Chip>;
  return <Chip tone="ok">{state === "watching" ? "Usual" : "Like the training data"}</Chip>;
}

function Headline({ measure, whole }: { measure: Measurement; whole: Measurement | null }) {
  const alarm = alarmOf(measure);
  if (alarm) return <Left alarm={alarm} measure={measure} />;
  const slice = measure.value?.slice as Feature | null | undefined;
  return (
    <div className={css.verdict}>
      <span className={css.big}>{score(num(measure.value, "d"), 2)}</span>
      <p>
        {whole ? "last hour; " : ""}0 same, 1 disjoint. {count(num(measure.value, "n"))} images against{" "}
        {count(num(measure.value, "reference_n"))}
      </p>
      {slice && str(slice, "source") && (
        <p>
          Most of it comes from <strong>{str(slice, "source")}</strong> ({score(num(slice, "d"), 2)}).
        </p>
      )}
      {whole && <p>{score(num(whole.value, "d"), 2)} over the whole range.</p>}
    </div>
  );
}

/** How far production is from what is usual, while an alarm stands. */
function Left({ alarm, measure }: { alarm: Feature; measure: Measurement }) {
  return (
    <div className={css.verdict}>
      <span className={css.big}>{score(num(alarm, "d"), 2)}</span>
      <p>
        From usual production: 0 same, 1 disjoint. {count(num(alarm, "n"))} images since <Time at={str(alarm, "since")} />
      </p>
      <p>{score(num(measure.value, "d"), 2)} from the training data.</p>
    </div>
  );
}

function told(feature: Feature): string {
  return sentence(str(feature, "sentence") ?? str(feature, "title") ?? "");
}

function share(feature: Feature): string | undefined {
  const part = num(feature, "share");
  return part === null ? undefined : `${percent(part)} of the evidence`;
}

function Strips({ measure }: { measure: Measurement }) {
  const { find } = useBoard();
  const images = (alarmOf(measure) ?? measure.value)?.images as Feature | null | undefined;
  const usual = list<string>(images, "usual").slice(0, 6);
  const now = list<string>(images, "now").slice(0, 6);
  if (usual.length === 0 && now.length === 0) return null;
  return (
    <div className={css.strips}>
      <Strip title="Usual" assets={usual} />
      <Strip title="Now" assets={now} linkOf={(asset) => find(`asset = ${asset}`)} />
    </div>
  );
}

function Strip({ title, assets, linkOf }: { title: string; assets: string[]; linkOf?: (asset: string) => string }) {
  return (
    <div className={css.strip}>
      <span>{title}</span>
      <div>
        {assets.map((asset, i) => {
          const image = <img src={imageUrl(asset, 160)} alt={`${title} image ${i + 1}`} loading="lazy" />;
          return linkOf ? (
            <Link key={asset} to={linkOf(asset)}>
              {image}
            </Link>
          ) : (
            <span key={asset}>{image}</span>
          );
        })}
      </div>
    </div>
  );
}
