/* What a version says of sample images, everything from confidence 0 on, one image after the other: it is loaded for this. */
import { useEffect, useMemo, useRef, useState } from "react";
import { imageUrl, send } from "../api/client";
import type { Answer, DatasetItem, ModelVersion, Page } from "../api/types";
import { useRead } from "../api/use";

export type Sample = { key: string; asset?: string; src?: string };
export type Tried = Sample & { answer: Answer };

const SAMPLES = 8;
const AMONG = 60;

/** Validation images of what the version was trained on, spread over the first of them; none where that is not known. */
export function useSamples(version: ModelVersion): Sample[] {
  const path = version.dataset_version ? `/dataset-versions/${version.dataset_version}/items` : null;
  const found = useRead<Page<DatasetItem>>(path, { split: "validation", limit: AMONG });
  return useMemo(() => {
    const items = found.data?.items ?? [];
    const step = Math.max(1, Math.floor(items.length / SAMPLES));
    return items
      .filter((_, i) => i % step === 0)
      .slice(0, SAMPLES)
      .map(({ asset }) => ({ key: asset, asset }));
  }, [found.data]);
}

export function useTried(version: ModelVersion, samples: readonly Sample[]): { tried: Tried[]; problem: string | null } {
  const [tried, setTried] = useState<Tried[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const asked = useRef(new Set<string>());
  useEffect(() => {
    const stop = new AbortController();
    const ask = async () => {
      for (const sample of samples.filter(({ key }) => !asked.current.has(key))) {
        const bytes = await (await fetch(sample.src ?? imageUrl(sample.asset ?? ""), { signal: stop.signal })).blob();
        const path = `/models/${version.model_name}/versions/${version.number}/try?threshold=0`;
        const answer = await send<Answer>("POST", path, bytes, { "content-type": bytes.type }, stop.signal);
        asked.current.add(sample.key);
        setTried((before) => [...before.filter((one) => one.key !== sample.key), { ...sample, answer }]);
      }
    };
    ask().catch((error: unknown) => {
      if (!stop.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
    });
    return () => stop.abort();
  }, [version, samples]);
  return { tried, problem };
}
