/* The filters people use most, each writing its part of the query; what else the query says stands beside them to be taken away. */
import { Select, type Option } from "../design/controls";
import { Icon } from "../design/icons";
import { isOf, parts, valueOf, without, withValue } from "./core/query";
import css from "./predictions.module.css";

const REVIEWS = ["pending", "accepted", "corrected", "unusable", "skipped"];
const REVIEW_TITLES: Record<string, string> = { pending: "To review" };

type Props = { query: string; readable: boolean; ask: (query: string) => void; labels: string[]; sources: string[]; versions: string[] };

export function Filters({ query, readable, ask, labels, sources, versions }: Props) {
  const filters: [string, string, Option[]][] = [
    ["source", "Source", options("All sources", sources)],
    ["label", "Label", options("All labels", labels)],
    [
      "review",
      "Review",
      options("Reviewed or not", REVIEWS, (value) => REVIEW_TITLES[value] ?? value.charAt(0).toUpperCase() + value.slice(1)),
    ],
    ["version", "Model version", options("All versions", versions)],
  ];
  const other = (readable ? parts(query) : []).filter((part) => !filters.some(([field]) => isOf(part, field)));
  return (
    <>
      {filters.map(([field, title, choices]) => {
        const value = valueOf(query, field);
        const known = !value || choices.some((choice) => choice.value === value);
        return (
          <Select
            key={field}
            aria-label={title}
            data-set={value !== ""}
            value={value}
            onChange={(event) => ask(withValue(query, field, event.target.value))}
            options={known ? choices : [...choices, { value, title: value }]}
          />
        );
      })}
      {other.map((part) => (
        <button key={part} type="button" className={css.part} title={`Take away ${part}`} onClick={() => ask(without(query, part))}>
          {asRead(part)}
          <Icon name="cross" size={11} />
        </button>
      ))}
    </>
  );
}

function options(all: string, found: string[], title = (value: string) => value): Option[] {
  return [{ value: "", title: all }, ...found.map((value) => ({ value, title: title(value) }))];
}

/** A moment as this viewer's clock shows it; everything else as written. */
function asRead(part: string): string {
  return part.replace(/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/, (at) =>
    new Date(at).toLocaleString(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  );
}
