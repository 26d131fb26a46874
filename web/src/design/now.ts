/* The present moment as a component sees it, by the server's clock: it moves on by itself, a step at a time. */
import { useEffect, useState } from "react";
import { serverNow } from "../api/clock";

export function useNow(everyMs = 10_000): Date {
  const [now, setNow] = useState(() => new Date(serverNow()));
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date(serverNow())), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
