/* A confidence from 0 to 1, by slider or by number. Empty: none. */
import { Input } from "./controls";
import css from "./ThresholdInput.module.css";

export function ThresholdInput({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const range = { min: 0, max: 1, step: 0.01 };
  return (
    <span className={css.both}>
      <input
        type="range"
        {...range}
        value={value === "" ? 0 : value}
        aria-label="Confidence threshold, slider"
        onChange={(event) => onChange(event.target.value)}
      />
      <Input type="number" {...range} value={value} aria-label="Confidence threshold" onChange={(event) => onChange(event.target.value)} />
    </span>
  );
}
