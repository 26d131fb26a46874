/* The images to review, a few ahead of the person, and the way back to the last one. */
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { get, imageUrl } from "../api/client";
import type { Annotation, Page, Prediction, ReviewState, Verdict } from "../api/types";
import { Outbox } from "./core/outbox";
import { deliver } from "./deliver";
import type { ToReview } from "./exchange";
import { decidedToday } from "./today";

export type Problem = { sentence: string; image: string | null };

/** Made anew for each deployment; asks for `ahead` images at a time. `waiting` counts decisions not yet with the server; `back` reopens the last decided image and shows it again. */
export function useQueue(deployment: string, first: string | null, ahead: number) {
  const [items, setItems] = useState<ToReview[]>([]);
  const [done, setDone] = useState<ToReview[]>([]);
  const [loaded, setLoaded] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [today, setToday] = useState(() => decidedToday(deployment));
  const client = useQueryClient();
  const outbox = useMemo(
    () => new Outbox(`relens.review.${deployment}`, deliver, localStorage, (sentence, image) => setProblem({ sentence, image })),
    [deployment],
  );
  const waiting = useSyncExternalStore(outbox.subscribe, () => (outbox.offline ? -outbox.waiting : outbox.waiting));
  const settled = useRef(new Set<string>());

  const fill = useCallback(async () => {
    try {
      const page = await get<Page<Prediction>>(`/deployments/${deployment}/queue`, { limit: ahead });
      const fresh = page.items.filter((item) => !settled.current.has(item.id) && !outbox.has(item.id));
      setItems((before) => merge(before.slice(0, 1), fresh));
      setLoaded(true);
    } catch (error) {
      setProblem({ sentence: error instanceof Error ? error.message : "The queue could not be read.", image: null });
    }
  }, [ahead, deployment, outbox]);

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

  const decideAll = useCallback(
    (predictions: readonly ToReview[], status: ReviewState, annotations: Annotation[] = []) => {
      const gone = new Set(predictions.map((prediction) => prediction.id));
      for (const id of gone) settled.current.add(id);
      setProblem(null);
      setToday(decidedToday(deployment, gone.size));
      setItems((before) => before.filter((item) => !gone.has(item.id)));
      setDone((before) => [...before, ...predictions.map((prediction) => ({ ...prediction, verdict: { status, annotations } }))]);
      const sent = predictions.map((prediction) =>
        outbox.put({ prediction: prediction.id, method: "PUT", body: { status, annotations }, seen: prediction.seen ?? 0 }),
      );
      void Promise.all(sent).then(() =>
        client.invalidateQueries({ predicate: (query) => String(query.queryKey[0]).startsWith(`/deployments/${deployment}`) }),
      );
    },
    [client, deployment, outbox],
  );
  const decide = useCallback(
    (prediction: ToReview, status: ReviewState, annotations: Annotation[]) => decideAll([prediction], status, annotations),
    [decideAll],
  );
  /** These come next. */
  const bringForward = useCallback((wanted: readonly ToReview[]) => setItems((before) => merge([...wanted], before)), []);

  const back = useCallback(() => {
    const last = done.at(-1);
    if (!last) return;
    settled.current.delete(last.id);
    setToday(decidedToday(deployment, -1));
    setDone((before) => before.slice(0, -1));
    setItems((before) => [last, ...before.filter((item) => item.id !== last.id)]);
    void outbox.put({ prediction: last.id, method: "DELETE" });
  }, [deployment, done, outbox]);

  return {
    items,
    loaded,
    problem,
    decide,
    decideAll,
    bringForward,
    back,
    done: done.length,
    today,
    waiting: Math.abs(waiting),
    offline: waiting < 0,
  };
}

/** One image that was asked for, with what was decided of it before. */
async function one(id: string): Promise<ToReview> {
  const found = await get<Prediction>(`/predictions/${id}`);
  const verdict = await get<Verdict>(`/predictions/${id}/verdict`);
  return { ...found, seen: verdict.revision, ...(found.review === "pending" ? {} : { verdict }) };
}

function merge(before: ToReview[], found: ToReview[]): ToReview[] {
  const known = new Set(before.map((item) => item.id));
  return [...before, ...found.filter((item) => !known.has(item.id))];
}
