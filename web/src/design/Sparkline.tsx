/* A trend without axes: bars for counts; a line for a number that may be unknown in between. */

type Size = { width?: number; height?: number; title: string };

export function Sparkline({ values, width = 96, height = 24, title }: Size & { values: readonly number[] }) {
  const top = Math.max(...values, 1);
  const step = width / Math.max(values.length, 1);
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title}>
      <title>{title}</title>
      {values.map((value, i) => {
        const tall = value > 0 ? Math.max(2, (value / top) * (height - 2)) : 1;
        return (
          <rect
            key={i}
            x={i * step + 0.5}
            y={height - tall}
            width={Math.max(step - 1, 1)}
            height={tall}
            rx={0.5}
            fill={value > 0 ? "var(--now)" : "var(--line-strong)"}
            opacity={value > 0 ? 0.85 : 1}
          />
        );
      })}
    </svg>
  );
}

/** From 0 upwards; where a value is not known the line has a gap, and a value alone is a dot. */
export function SparkLine({ values, width = 96, height = 24, title }: Size & { values: readonly (number | null)[] }) {
  const top = Math.max(...values.map((value) => value ?? 0), 1e-9);
  const x = (i: number) => 2 + (i / Math.max(values.length - 1, 1)) * (width - 4);
  const y = (value: number) => height - 3 - (value / top) * (height - 6);
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title}>
      <title>{title}</title>
      <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} stroke="var(--line)" />
      {stretches(values).map((stretch) =>
        stretch.length === 1 ? (
          <circle key={stretch[0][0]} cx={x(stretch[0][0])} cy={y(stretch[0][1])} r={1.8} fill="var(--now)" />
        ) : (
          <polyline
            key={stretch[0][0]}
            points={stretch.map(([i, value]) => `${x(i)},${y(value)}`).join(" ")}
            fill="none"
            stroke="var(--now)"
            strokeWidth={1.5}
            strokeLinejoin="round"
          />
        ),
      )}
    </svg>
  );
}

function stretches(values: readonly (number | null)[]): [number, number][][] {
  const found: [number, number][][] = [];
  values.forEach((value, i) => {
    if (value === null) return;
    const last = found.at(-1);
    if (last && last[last.length - 1][0] === i - 1) last.push([i, value]);
    else found.push([[i, value]]);
  });
  return found;
}
