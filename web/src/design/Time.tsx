/* An instant: how long ago, and on hover the exact local and UTC time. */
import { ago, clock, utc } from "./format";
import { useNow } from "./now";

export function Time({ at, exact }: { at: string | null | undefined; exact?: boolean }) {
  const now = useNow();
  if (!at) return <>–</>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={`${clock(date)}\n${utc(date)}`}>
      {exact ? clock(date) : ago(date, now)}
    </time>
  );
}
