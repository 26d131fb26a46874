/* Which program trains, with which parameters, and from which weights. */
import type { ContinuousTraining, Trainer, TrainingPolicy } from "../api/types";
import { Field, Input, Select, Textarea } from "../design/controls";
import { words } from "../design/format";
import { dim } from "../design/page";
import { Notice } from "../design/status";
import { Checkpoint } from "./Checkpoint";
import css from "./loop.module.css";

type Props = {
  draft: TrainingPolicy;
  saved: ContinuousTraining;
  trainers: Trainer[];
  texts: Record<string, string>;
  onTrainer: (name: string) => void;
  onText: (name: string, text: string) => void;
  onStart: (start: TrainingPolicy["start"]) => void;
};

export function TrainerChoice({ draft, saved, trainers, texts, onTrainer, onText, onStart }: Props) {
  const chosen = trainers.find((trainer) => trainer.name === draft.trainer);
  const same = draft.trainer === saved.trainer;
  const defaults = same ? (saved.next_run?.defaults ?? {}) : {};
  const options = trainers.length ? trainers : [{ name: draft.trainer, title: draft.trainer }];
  const elsewhere = chosen?.interpreter ? (texts[chosen.interpreter] ?? draft.parameters[chosen.interpreter]) : null;
  return (
    <fieldset className={css.group}>
      <legend>What trains</legend>
      <div className={css.row}>
        <Field label="Trainer">
          <Select
            value={draft.trainer}
            onChange={(event) => onTrainer(event.target.value)}
            options={options.map((trainer) => ({ value: trainer.name, title: trainer.title }))}
          />
        </Field>
        <Field label="Starts from">
          <Select
            value={draft.start}
            onChange={(event) => onStart(event.target.value as TrainingPolicy["start"])}
            options={[
              { value: "champion", title: "the champion's weights" },
              { value: "scratch", title: "scratch, every time" },
            ]}
          />
        </Field>
      </div>
      {chosen?.notice && <Notice tone="warn">{chosen.notice}.</Notice>}
      {chosen && !chosen.available && !elsewhere && <Notice tone="warn">{chosen.missing}</Notice>}
      <div className={css.parameters}>
        {Object.entries(chosen?.parameters ?? {}).map(([name, parameter]) => (
          <div key={name} className={long(name) ? css.whole : undefined}>
            <Field label={words(name)} hint={hint(name, parameter.title)}>
              {long(name) ? (
                <Textarea
                  rows={2}
                  spellCheck={false}
                  value={texts[name] ?? shown(draft.parameters[name])}
                  placeholder={shown(defaults[name])}
                  onChange={(event) => onText(name, event.target.value)}
                />
              ) : (
                <Input
                  value={texts[name] ?? shown(draft.parameters[name])}
                  placeholder={shown(defaults[name] ?? parameter.default) || "auto"}
                  onChange={(event) => onText(name, event.target.value)}
                />
              )}
            </Field>
          </div>
        ))}
      </div>
      {Object.keys(defaults).length > 0 && <p className={dim}>What is left empty is as in the run that made the champion.</p>}
      {same && draft.start === "champion" && saved.next_run?.why && (
        <Checkpoint why={saved.next_run.why} trainers={trainers} onTrainer={onTrainer} />
      )}
      {same && draft.start === "champion" && saved.next_run?.starts_from && (
        <p className={dim}>The next run starts from {saved.next_run.starts_from.title}.</p>
      )}
    </fieldset>
  );
}

/** What its name does not say already. */
function hint(name: string, title: string): string {
  const rest = title.toLowerCase().startsWith(words(name).toLowerCase()) ? title.slice(words(name).length).replace(/^[:,]?\s*/, "") : title;
  return rest && rest[0].toUpperCase() + rest.slice(1);
}

function long(name: string): boolean {
  return name === "command" || name === "parameters";
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
