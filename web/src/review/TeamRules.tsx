/* Who reviews what: the first rule that fits an image decides, what none fits is for everybody. */
import type { ReviewTeam, TeamSettings } from "../api/types";
import { Button, Input } from "../design/controls";
import { count } from "../design/format";
import css from "./team.module.css";

type Rules = TeamSettings["rules"];
type Props = { rules: Rules; waiting: ReviewTeam["waiting"]; onChange: (rules: Rules) => void };

export function TeamRules({ rules, waiting, onChange }: Props) {
  const set = (place: number, part: Partial<Rules[number]>) =>
    onChange(rules.map((rule, i) => (i === place ? { ...rule, ...part } : rule)));
  return (
    <fieldset className={css.rules}>
      <legend>Who reviews what</legend>
      {rules.length === 0 && <p>Everybody is offered every image.</p>}
      {rules.map((rule, i) => {
        const waits = waiting.find((one) => one.query === rule.query);
        return (
          // Anew when a rule comes or goes: what is written of people is as typed, and belongs to its rule.
          <div key={`${rules.length} ${i}`} className={css.rule}>
            <Input
              aria-label={`Images of rule ${i + 1}`}
              placeholder="source = line-1"
              value={rule.query}
              onChange={(event) => set(i, { query: event.target.value })}
            />
            <span>to</span>
            <Input
              aria-label={`People of rule ${i + 1}`}
              placeholder="Alice, Bob"
              defaultValue={rule.people.join(", ")}
              onChange={(event) => set(i, { people: namesIn(event.target.value) })}
            />
            <small>{waits ? `${count(waits.count)}${waits.more ? "+" : ""} wait` : ""}</small>
            <Button
              small
              look="quiet"
              icon="cross"
              aria-label={`Remove rule ${i + 1}`}
              onClick={() => onChange(rules.filter((_, j) => j !== i))}
            />
          </div>
        );
      })}
      <Button small icon="plus" onClick={() => onChange([...rules, { query: "", people: [] }])}>
        Add a rule
      </Button>
      {rules.length > 0 && <p>The first rule that fits decides; what none fits is for everybody.</p>}
    </fieldset>
  );
}

export function namesIn(text: string): string[] {
  return [
    ...new Set(
      text
        .split(",")
        .map((name) => name.trim())
        .filter(Boolean),
    ),
  ];
}
