/* Any of some names, with a box for each. */
import css from "./loop.module.css";

type ChecksProps = {
  legend: string;
  names: readonly string[];
  chosen: readonly string[];
  title?: (name: string) => string;
  onChange: (chosen: string[]) => void;
};

export function Checks({ legend, names, chosen, title = (name) => name, onChange }: ChecksProps) {
  const toggle = (name: string) => onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <fieldset className={css.checks}>
      <legend>{legend}</legend>
      {names.map((name) => (
        <label key={name}>
          <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
          {title(name)}
        </label>
      ))}
    </fieldset>
  );
}
