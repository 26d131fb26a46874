/* A trend without axes: bars for counts, the latest one strongest. */
export function Sparkline({
  values,
  width = 96,
  height = 24,
  title,
}: {
  values: number[];
  width?: number;
  height?: number;
  title: string;
}) {
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
