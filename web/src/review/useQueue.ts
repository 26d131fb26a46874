/* The images to review, a few ahead of the person, and the way back to the last one. */
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { ApiError, get, imageUrl, send } from "../api/client";
import type { Annotation, Page, Prediction, ReviewState, Verdict } from "../api/types";
import { Outbox, type Decision } from "./core/outbox";
import type { ToReview } from "./exchange";

const AHEAD = 12;

async function deliver({ prediction, method, body }: Decision) {
  try {
    await send(method, `/predictions/${prediction}/verdict`, body);
    return "done" as const;
  } catch (error) {
    if (error instanceof ApiError && error.status > 0 && error.status < 500) return { refused: error.message };
    return "unreachable" as const;
  }
}

/** Made anew for each deployment. `waiting` counts decisions not yet with the server; `back` reopens the last decided image and shows it again. */
export function useQueue(deployment: string, first: string | null) {
  const [items, setItems] = useState<ToReview[]>([]);
  const [done, setDone] = useState<ToReview[]>([]);
  const [loaded, setLoaded] = useState(false);
  const [problem, setProblem] = useState("");
  const client = useQueryClient();
  const outbox = useMemo(() => new Outbox(`relens.review.${deployment}`, deliver, localStorage, setProblem), [deployment]);
  const waiting = useSyncExternalStore(outbox.subscribe, () => (outbox.offline ? -outbox.waiting : outbox.waiting));
  const settled = useRef(new Set<string>());

  const fill = useCallback(async () => {
    try {
      const page = await get<Page<Prediction>>(`/deployments/${deployment}/queue`, { limit: AHEAD });
      const fresh = page.items.filter((item) => !settled.current.has(item.id) && !outbox.has(item.id));
      setItems((before) => merge(before.slice(0, 1), fresh));
      setLoaded(true);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "The queue could not be read.");
    }
  }, [deployment, outbox]);

  useEffect(() => {
    const begin = async () => {
      if (first) {
        const wanted = await one(first);
        setItems((before) => merge([wanted], before));
      }
      await outbox.flush();
      await fill();
    };
    void begin();
  }, [first, fill, outbox]);

  useEffect(() => {
    const timer = setInterval(() => {
      if (outbox.waiting) void outbox.flush();
      else void fill();
    }, 3000);
    return () => clearInterval(timer);
  }, [fill, outbox]);

  useEffect(() => {
    for (const next of items.slice(1, 3)) new Image().src = imageUrl(next.asset);
  }, [items]);

  const decide = useCallback(
    (prediction: ToReview, status: ReviewState, annotations: Annotation[]) => {
      settled.current.add(prediction.id);
      setProblem("");
      setItems((before) => before.filter((item) => item.id !== prediction.id));
      setDone((before) => [...before, { ...prediction, verdict: { status, annotations } }]);
      void outbox
        .put({ prediction: prediction.id, method: "PUT", body: { status, annotations } })
        .then(() => client.invalidateQueries({ predicate: (query) => String(query.queryKey[0]).startsWith(`/deployments/${deployment}`) }));
    },
    [client, deployment, outbox],
  );

  const back = useCallback(() => {
    const last = done.at(-1);
    if (!last) return;
    settled.current.delete(last.id);
    setDone((before) => before.slice(0, -1));
    setItems((before) => [last, ...before.filter((item) => item.id !== last.id)]);
    void outbox.put({ prediction: last.id, method: "DELETE" });
  }, [done, outbox]);

  return { items, loaded, problem, decide, back, done: done.length, waiting: Math.abs(waiting), offline: waiting < 0 };
}

/** One image that was asked for, with what was decided of it before. */
async function one(id: string): Promise<ToReview> {
  const found = await get<Prediction>(`/predictions/${id}`);
  return found.review === "pending" ? found : { ...found, verdict: await get<Verdict>(`/predictions/${id}/verdict`) };
}

function merge(before: ToReview[], found: ToReview[]): ToReview[] {
  const known = new Set(before.map((item) => item.id));
  return [...before, ...found.filter((item) => !known.has(item.id))];
}
