/* One colour per label, the same on every page and in both themes: the label's place in the deployment decides. */

const WHEEL = ["#3d7bff", "#f0812a", "#1faa70", "#d0409b", "#8d62e8", "#c8a20a", "#12a5b8", "#e5484d", "#7aa116", "#a86b4c"];

export function labelColour(label: string, labels: readonly string[]): string {
  const place = labels.indexOf(label);
  return WHEEL[(place >= 0 ? place : hash(label)) % WHEEL.length];
}

const inks = new Map<string, string>();

/** Black or white, whichever is read better on a label's colour (#rrggbb): one of them always has the 4.5 : 1 of WCAG AA. */
export function inkOn(colour: string): string {
  let ink = inks.get(colour);
  if (!ink) inks.set(colour, (ink = luminance(colour) > EVEN ? "#000" : "#fff"));
  return ink;
}

/** Where black and white are read equally well. */
const EVEN = Math.sqrt(1.05 * 0.05) - 0.05;

/** Relative luminance as WCAG 2 defines it. */
export function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function hash(text: string): number {
  let value = 0;
  for (const letter of text) value = (value * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return value;
}

/** A colour of the page's theme, for canvases that cannot use CSS variables. */
export function theme(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** From nothing to much, readable on light and dark: 0..1 gives an rgba string of one hue. */
export function heat(share: number): [number, number, number, number] {
  const stops: [number, number, number, number][] = [
    [47, 95, 224, 0],
    [47, 95, 224, 0.55],
    [38, 178, 170, 0.75],
    [250, 204, 60, 0.9],
    [255, 250, 220, 1],
  ];
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const part = at - low;
  const mix = (i: 0 | 1 | 2 | 3) => stops[low][i] + (stops[low + 1][i] - stops[low][i]) * part;
  return [mix(0), mix(1), mix(2), mix(3)];
}
