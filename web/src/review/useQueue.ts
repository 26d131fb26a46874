/* The images to review, a few ahead of the person, and the way back to the last one. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { get } from "../api/client";
import type { Annotation, Deployment, Page, Prediction, Queued, ReviewState, Verdict } from "../api/types";
import { imageLeft, leaveImage } from "./core/draft";
import { merged, refilled, renewed, resumed } from "./core/queue";
import { revisionOf } from "./deliver";
import type { ToReview } from "./exchange";
import { kept, onRefused, outgoing } from "./outgoing";
import { hold, load } from "./pictures";

export type Problem = { sentence: string; image: string | null };

const LOADED_AHEAD = 4;
/** So many can still be decided when the network is gone. */
const FETCHED_AHEAD = 20;

/** In a short queue, half of what waits is left to others: what one person is given, nobody else is for ten minutes. */
const LEAST_AHEAD = 10;

/** The queue as it was when the page was last left: whoever comes back sees the image at once, and what waits is asked for meanwhile. */
let leftBehind: { deployment: string; items: ToReview[]; at: number } | null = null;
/** Well below the time for which images are held for a person. */
const KEPT_MS = 5 * 60_000;

function asLeft(deployment: string): ToReview[] {
  if (leftBehind?.deployment !== deployment || Date.now() - leftBehind.at > KEPT_MS) return [];
  return leftBehind.items.filter((item) => !outgoing.has(item.id));
}

/** Made anew for each deployment; asks for `ahead` images at a time, of `waiting` that there are. The first that `fits` is in hand: it stays where it is. `back` reopens the last decided image and shows it again. */
export function useQueue(
  { id, name }: Pick<Deployment, "id" | "name">,
  first: string | null,
  ahead: number,
  waiting: number,
  fits: (item: ToReview) => boolean,
) {
  const [items, setItems] = useState<ToReview[]>(() => (first ? [] : asLeft(id)));
  /** Until the server has been heard, nothing is known of what others did meanwhile. */
  const heard = useRef(false);
  const [done, setDone] = useState<ToReview[]>([]);
  const [loaded, setLoaded] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const client = useQueryClient();
  const settled = useRef(new Set<string>());
  /** Enough for a while: they are held for this person for minutes, and asking for them again is work for both sides. */
  const plenty = useRef(false);
  /** What the person put in front. */
  const ours = useRef(new Set<string>());
  const [left] = useState(() => imageLeft(kept));
  const share = useRef(waiting);
  useEffect(() => {
    share.current = Math.max(LEAST_AHEAD, Math.ceil(waiting / 2));
  }, [waiting]);

  /** Puts one image in front, whatever was decided of it. */
  const bring = useCallback(async (image: string) => {
    try {
      const wanted = await one(image);
      settled.current.delete(image);
      ours.current.add(image);
      setProblem(null);
      setItems((before) => merged([wanted], before));
    } catch (error) {
      setProblem({ sentence: `The image that was asked for cannot be shown. ${sentenceOf(error, "")}`, image: null });
    }
  }, []);

  const fill = useCallback(async () => {
    try {
      const page = await get<Page<Queued>>(`/deployments/${name}/queue`, { limit: Math.min(ahead, share.current) });
      const fresh = page.items
        .filter((item) => !settled.current.has(item.id) && !outgoing.has(item.id))
        .map((item) => ({ ...item, seen: item.revision }));
      // Not only once it is drawn around: on its way while the page is made up.
      const next = resumed(fresh, left).find(fits);
      if (next) load(next.asset).ready.catch(() => undefined);
      const anew = !heard.current && ours.current.size === 0;
      heard.current = true;
      setItems((before) =>
        anew
          ? resumed(renewed(before, fresh), before.find(fits)?.id ?? left)
          : refilled(before, before.length ? fresh : resumed(fresh, left), fits, ours.current),
      );
      setLoaded(true);
    } catch (error) {
      setProblem({ sentence: sentenceOf(error, "The queue could not be read."), image: null });
    }
  }, [ahead, fits, left, name]);

  useEffect(() => {
    const begin = async () => {
      if (first) await bring(first);
      // To look whether anything waits takes no time; to be the one tab that sends does.
      outgoing.reread();
      if (outgoing.all().length > 0) await outgoing.flush();
      await fill();
    };
    void begin();
    let turn = 0;
    const timer = setInterval(() => {
      turn += 1;
      if (document.hidden || (plenty.current && turn % 5)) return;
      if (outgoing.all().every((one) => one.why)) void fill();
    }, 3000);
    return () => clearInterval(timer);
  }, [first, bring, fill]);

  useEffect(
    () =>
      onRefused(({ sentence, prediction, ours: here }) => {
        setProblem({ sentence, image: prediction });
        if (!here) return;
        // What was not kept can neither be counted nor taken back, and what stands there is no longer what was looked at.
        setDone((before) => before.filter((item) => item.id !== prediction));
        setItems((before) => before.filter((item) => item.id !== prediction));
      }),
    [],
  );

  const inHand = items.find(fits)?.id;
  useEffect(() => {
    if (inHand) leaveImage(kept, inHand);
  }, [inHand]);
  useEffect(() => {
    leftBehind = { deployment: id, items, at: Date.now() };
  }, [id, items]);

  useEffect(() => {
    plenty.current = items.length >= ahead / 2;
    // The last one too: undo brings it back.
    const assets = items.map((item) => item.asset);
    hold(
      [...assets.slice(0, 1 + LOADED_AHEAD), ...done.slice(-1).map((item) => item.asset)],
      assets.slice(1 + LOADED_AHEAD, FETCHED_AHEAD),
    );
  }, [items, done, ahead]);

  const refresh = useCallback(
    () => client.invalidateQueries({ predicate: (query) => String(query.queryKey[0]).startsWith(`/deployments/${name}`) }),
    [client, name],
  );
  const decideAll = useCallback(
    (predictions: readonly ToReview[], status: ReviewState, annotations: Annotation[] = []) => {
      const gone = new Set(predictions.map((prediction) => prediction.id));
      for (const one of gone) settled.current.add(one);
      setProblem(null);
      setItems((before) => before.filter((item) => !gone.has(item.id)));
      setDone((before) => [...before, ...predictions.map((prediction) => ({ ...prediction, verdict: { status, annotations } }))]);
      const body = { status, annotations };
      const sent = predictions.map((prediction) => outgoing.put({ ...place(prediction, id), method: "PUT", body }));
      void Promise.all(sent).then(refresh);
    },
    [id, refresh],
  );
  const decide = useCallback(
    (prediction: ToReview, status: ReviewState, annotations: Annotation[]) => decideAll([prediction], status, annotations),
    [decideAll],
  );
  /** These come next. */
  const bringForward = useCallback((wanted: readonly ToReview[]) => {
    for (const { id } of wanted) ours.current.add(id);
    setItems((before) => merged(wanted, before));
  }, []);

  const back = useCallback(() => {
    const last = done.at(-1);
    if (!last) return;
    settled.current.delete(last.id);
    ours.current.add(last.id);
    setDone((before) => before.slice(0, -1));
    setItems((before) => [last, ...before.filter((item) => item.id !== last.id)]);
    void outgoing.put({ ...place(last, id), method: "DELETE" }).then(refresh);
  }, [done, id, refresh]);

  return { items, loaded, problem, decide, decideAll, bring, bringForward, back, done: done.length };
}

/** Where a decision goes: to the image's review, or beside it. */
function place({ id, seen, lane }: ToReview, deployment: string) {
  if (lane === "second look") return { prediction: id, deployment, to: "second-look" as const };
  return { prediction: id, deployment, seen: revisionOf(id, outgoing.tab, seen) };
}

function sentenceOf(error: unknown, otherwise: string): string {
  return error instanceof Error ? error.message : otherwise;
}

/** One image that was asked for, with what was decided of it before. */
async function one(id: string): Promise<ToReview> {
  const found = await get<Prediction>(`/predictions/${id}`);
  const verdict = await get<Verdict>(`/predictions/${id}/verdict`);
  return { ...found, seen: verdict.revision, ...(found.review === "pending" ? {} : { verdict }) };
}
