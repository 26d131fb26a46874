/* How many images were decided in this browser today. */
type Day = { day: string; count: number };

const today = () => new Date().toLocaleDateString("sv");

export function decidedToday(deployment: string, add = 0): number {
  const name = `relens.today.${deployment}`;
  let kept: Day = { day: today(), count: 0 };
  try {
    const found = JSON.parse(localStorage.getItem(name) ?? "null") as Day | null;
    if (found?.day === kept.day && Number.isFinite(found.count)) kept = found;
  } catch {
    // Whatever stands there is not ours: begin at nothing.
  }
  if (add === 0) return kept.count;
  const next = { ...kept, count: Math.max(0, kept.count + add) };
  localStorage.setItem(name, JSON.stringify(next));
  return next.count;
}
