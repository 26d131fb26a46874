/* What lies over the lower edge of the image: how it is looked at. */
import { PLAIN } from "./core/filtered";
import css from "./review.module.css";

/** Outlives the image: a dark camera stays dark. In percent. */
export type Look = { brightness: number; contrast: number; names: boolean };

export const filterOf = ({ brightness, contrast }: Look) =>
  brightness === 100 && contrast === 100 ? PLAIN : `brightness(${brightness}%) contrast(${contrast}%)`;

type Tool = { title: string; hint: string; on?: boolean; press: () => void };
type Props = { tools: Tool[]; look: Look; setLook: (look: Look) => void };

export function Tools({ tools, look, setLook }: Props) {
  const slide = (name: "brightness" | "contrast", title: string, sign: string) => (
    <label title={title}>
      <span aria-hidden="true">{sign}</span>
      <input
        type="range"
        aria-label={title}
        min={40}
        max={240}
        value={look[name]}
        onChange={(event) => setLook({ ...look, [name]: Number(event.target.value) })}
        onDoubleClick={() => setLook({ ...look, [name]: 100 })}
      />
    </label>
  );
  return (
    <div className={css.overlay} role="toolbar" aria-label="View">
      {tools.map(({ title, hint, on, press }) => (
        <button key={title} type="button" aria-pressed={on} onClick={press} title={hint}>
          {title}
        </button>
      ))}
      <span className={css.sliders}>
        {slide("brightness", "Brightness", "☀")}
        {slide("contrast", "Contrast", "◐")}
      </span>
    </div>
  );
}
