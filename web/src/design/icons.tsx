/* The few pictures the pages use, drawn on one 16-pixel grid with one line width. */
import type { ReactNode } from "react";

const PATHS = {
  deployments: <path d="M8 1.8 14 5v6L8 14.2 2 11V5zM2 5l6 3.2L14 5M8 8.2v6" />,
  models: <path d="M8 2 14 5.2 8 8.4 2 5.2zM2.4 8 8 11l5.6-3M2.4 10.8 8 13.8l5.6-3" />,
  datasets: (
    <path d="M2.5 4c0-1 2.5-1.7 5.5-1.7s5.5.7 5.5 1.7-2.5 1.7-5.5 1.7S2.5 5 2.5 4zM2.5 4v8c0 1 2.5 1.7 5.5 1.7s5.5-.7 5.5-1.7V4M2.5 8c0 1 2.5 1.7 5.5 1.7s5.5-.7 5.5-1.7" />
  ),
  training: <path d="M2 13.5h12M2.5 3c1 6 4 8 11 8.2" />,
  alerts: <path d="M8 2a4 4 0 0 0-4 4c0 4-1.5 5-1.5 5h11S12 10 12 6a4 4 0 0 0-4-4zM6.5 13.5h3" />,
  jobs: <path d="M2.5 4.5h11M2.5 8h7M2.5 11.5h9" />,
  system: <path d="M2.5 2.8h11v4h-11zM2.5 9.2h11v4h-11zM5 4.8v.1M5 11.2v.1M8 4.8h3M8 11.2h3" />,
  check: <path d="m3 8.5 3.2 3.2L13 4.8" />,
  cross: <path d="m4 4 8 8M12 4l-8 8" />,
  info: <path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.3v3.4M8 5.2v.1" />,
  arrow: <path d="M3 8h10M9 4l4 4-4 4" />,
  back: <path d="M13 8H3M7 4 3 8l4 4" />,
  upload: <path d="M8 10.5V3M4.8 5.8 8 2.6l3.2 3.2M2.5 10.5v2a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-2" />,
  copy: <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />,
  undo: <path d="M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M5.8 3.5 2.8 6.5l3 3" />,
  play: <path d="M4.5 3v10l8-5z" />,
  warning: <path d="M8 2.5 14.5 13.5h-13zM8 6.5v3.3M8 11.6v.1" />,
  plus: <path d="M8 3v10M3 8h10" />,
  clock: <path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6" />,
  loop: <path d="M13.5 6A6 6 0 1 0 14 8M13.8 2.6V6h-3.4" />,
  search: <path d="M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.4 10.4 14 14" />,
  star: <path d="m8 1.9 1.9 3.9 4.2.6-3 3 .7 4.2L8 11.6l-3.8 2 .7-4.2-3-3 4.2-.6z" />,
  grid: <path d="M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z" />,
  download: <path d="M8 2.5V10M4.8 7.2 8 10.4l3.2-3.2M2.5 11v1.5a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1V11" />,
  flag: <path d="M4 14V2.5M4 3h8l-2 3 2 3H4" />,
  mix: (
    <path d="M2.5 5h3M8.5 5h5M7 6.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM2.5 11h5M10.5 11h3M9 12.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z" />
  ),
  people: (
    <path d="M6 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 6 8zM1.8 13.4c.3-2.4 1.9-3.6 4.2-3.6s3.9 1.2 4.2 3.6M10.6 3.2a2.4 2.4 0 0 1 0 4.4M11.8 10.1c1.4.5 2.2 1.6 2.4 3.3" />
  ),
  keyboard: <path d="M1.8 4h12.4v8H1.8zM4.3 6.6v.1M6.8 6.6v.1M9.2 6.6v.1M11.7 6.6v.1M5 9.4h6" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16, fill }: { name: IconName; size?: number; fill?: boolean }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill={fill ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth="1.35"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      style={{ flex: "none" }}
    >
      {PATHS[name]}
    </svg>
  );
}
