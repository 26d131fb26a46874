/* The small pictures that explain metrics, each drawn from the numbers it is given. 300 units wide. */
import { largestGap, type Corners } from "./workedNumbers";

const WIDE = 300;

function Canvas({ tall, children }: { tall: number; children: React.ReactNode }) {
  return (
    <svg viewBox={`0 0 ${WIDE} ${tall}`} aria-hidden="true">
      {children}
    </svg>
  );
}

/** Values as dots on a line, with marks below it. */
export function Dots({ values, marks, unit = "" }: { values: readonly number[]; marks: [number, string][]; unit?: string }) {
  const top = Math.max(...values);
  const x = (value: number) => 8 + (value / top) * (WIDE - 16);
  const seen = new Map<number, number>();
  return (
    <Canvas tall={64}>
      <line x1={4} x2={WIDE - 4} y1={36} y2={36} stroke="var(--line-strong)" />
      {values.map((value, i) => {
        const pile = seen.get(value) ?? 0;
        seen.set(value, pile + 1);
        return <circle key={i} cx={x(value)} cy={30 - pile * 9} r={4} fill="var(--now)" />;
      })}
      {marks.map(([value, name]) => (
        <g key={name}>
          <line x1={x(value)} x2={x(value)} y1={8} y2={46} stroke="var(--ink)" strokeDasharray="3 2" />
          <text x={Math.min(Math.max(x(value), 26), WIDE - 26)} y={58} textAnchor="middle">
            {`${name} ${value}${unit}`}
          </text>
        </g>
      ))}
    </Canvas>
  );
}

export type Column = { name: string; now: number; usual?: number; colour?: string };

/** Counts as columns, each with its number on top; the usual thin beside it. */
export function Columns({ columns }: { columns: readonly Column[] }) {
  const top = Math.max(...columns.flatMap((one) => [one.now, one.usual ?? 0]), 1);
  const step = WIDE / columns.length;
  const tall = (n: number) => (n / top) * 48;
  return (
    <Canvas tall={82}>
      {columns.map((one, i) => (
        <g key={one.name}>
          <rect
            x={i * step + step * 0.2}
            y={64 - tall(one.now)}
            width={step * 0.38}
            height={tall(one.now)}
            rx={2}
            fill={one.colour ?? "var(--now)"}
          />
          {one.usual !== undefined && (
            <rect x={i * step + step * 0.62} y={64 - tall(one.usual)} width={step * 0.14} height={tall(one.usual)} fill="var(--usual)" />
          )}
          <text x={i * step + step * 0.39} y={60 - tall(one.now)} textAnchor="middle">
            {one.now}
          </text>
          <text x={i * step + step * 0.5} y={77} textAnchor="middle">
            {one.name}
          </text>
        </g>
      ))}
      <line x1={0} x2={WIDE} y1={64} y2={64} stroke="var(--line-strong)" />
    </Canvas>
  );
}

/** Two distribution functions as steps, the largest gap between them drawn in. */
export function Gap({ usual, now }: { usual: readonly number[]; now: readonly number[] }) {
  const { d, at } = largestGap(usual, now);
  const top = Math.max(...usual, ...now);
  const x = (value: number) => 8 + (value / top) * (WIDE - 60);
  const y = (share: number) => 76 - share * 64;
  const below = (values: readonly number[], value: number) => values.filter((one) => one <= value).length / values.length;
  const steps = (values: readonly number[]) => {
    const sorted = values.toSorted((a, b) => a - b);
    return [`M ${x(0)} ${y(0)}`, ...sorted.map((value, i) => `H ${x(value)} V ${y((i + 1) / sorted.length)}`), `H ${WIDE - 44}`].join(" ");
  };
  return (
    <Canvas tall={84}>
      <path d={steps(usual)} fill="none" stroke="var(--usual)" strokeWidth={2} />
      <path d={steps(now)} fill="none" stroke="var(--now)" strokeWidth={2} />
      <line x1={x(at)} x2={x(at)} y1={y(below(usual, at))} y2={y(below(now, at))} stroke="var(--warn-strong)" strokeWidth={3} />
      <text x={x(at) + 6} y={(y(below(usual, at)) + y(below(now, at))) / 2 + 4}>
        {d.toFixed(2)}
      </text>
      <text x={WIDE - 40} y={y(1) + 4}>
        usual
      </text>
      <text x={WIDE - 40} y={y(1) + 18} style={{ fill: "var(--now)" }}>
        now
      </text>
    </Canvas>
  );
}

/** True boxes dashed, answers solid: blue are right, amber wrong. */
export function Boxes({
  truth,
  answers,
}: {
  truth: readonly Corners[];
  answers: readonly { box: Corners; right: boolean; name: string }[];
}) {
  const place = ([x1, y1, x2, y2]: Corners) => ({ x: x1, y: y1, width: x2 - x1, height: y2 - y1 });
  return (
    <Canvas tall={92}>
      {truth.map((box, i) => (
        <rect key={i} {...place(box)} fill="none" stroke="var(--ink-2)" strokeDasharray="4 3" />
      ))}
      {answers.map(({ box, right, name }) => (
        <g key={name}>
          <rect
            {...place(box)}
            fill={right ? "var(--now)" : "var(--warn-strong)"}
            fillOpacity={0.18}
            stroke={right ? "var(--now)" : "var(--warn-strong)"}
          />
          <text x={box[0]} y={Math.max(box[1] - 3, 9)}>
            {name}
          </text>
        </g>
      ))}
    </Canvas>
  );
}

/** Points of a plane from 0 to 1, joined or not, with the diagonal. */
export function Plane({
  points,
  x,
  y,
  joined,
  diagonal,
}: {
  points: readonly [number, number][];
  x: string;
  y: string;
  joined?: boolean;
  diagonal?: boolean;
}) {
  const at = ([a, b]: readonly [number, number]) => [40 + a * 190, 82 - b * 74] as const;
  return (
    <Canvas tall={98}>
      <path d="M 40 8 V 82 H 230" fill="none" stroke="var(--line-strong)" />
      {diagonal && <line x1={40} y1={82} x2={230} y2={8} stroke="var(--usual)" strokeDasharray="4 3" />}
      {joined && <polyline points={points.map((one) => at(one).join()).join(" ")} fill="none" stroke="var(--now)" strokeWidth={1.6} />}
      {points.map((one, i) => (
        <circle key={i} cx={at(one)[0]} cy={at(one)[1]} r={3.4} fill="var(--now)" />
      ))}
      <text x={135} y={95} textAnchor="middle">
        {x}
      </text>
      <text x={34} y={14} textAnchor="end">
        {y}
      </text>
    </Canvas>
  );
}

/** A square grid of counts, darker for more. */
export function Grid({ counts }: { counts: readonly (readonly number[])[] }) {
  const top = Math.max(...counts.flat(), 1);
  const side = 22;
  return (
    <Canvas tall={counts.length * side + 2}>
      {counts.map((row, r) =>
        row.map((n, c) => (
          <g key={`${r} ${c}`}>
            <rect
              x={90 + c * side}
              y={r * side}
              width={side - 2}
              height={side - 2}
              rx={2}
              fill={n ? "var(--now)" : "var(--line)"}
              fillOpacity={n ? 0.25 + 0.75 * (n / top) : 1}
            />
            {n > 0 && (
              <text x={90 + c * side + side / 2 - 1} y={r * side + 14} textAnchor="middle">
                {n}
              </text>
            )}
          </g>
        )),
      )}
    </Canvas>
  );
}

/** A cloud of usual images, and the one that is asked about with its nearest neighbour. */
export function Cloud({ usual, asked }: { usual: readonly [number, number][]; asked: [number, number] }) {
  const far = ([x, y]: readonly [number, number]) => Math.hypot(x - asked[0], y - asked[1]);
  const nearest = usual.reduce((best, one) => (far(one) < far(best) ? one : best));
  return (
    <Canvas tall={86}>
      <line x1={asked[0]} y1={asked[1]} x2={nearest[0]} y2={nearest[1]} stroke="var(--warn-strong)" strokeDasharray="3 2" />
      {usual.map(([x, y], i) => (
        <circle key={i} cx={x} cy={y} r={4} fill="var(--usual)" />
      ))}
      <circle cx={asked[0]} cy={asked[1]} r={5} fill="var(--warn-strong)" />
    </Canvas>
  );
}
