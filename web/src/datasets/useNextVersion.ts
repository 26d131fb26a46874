/* A change that makes the next version of a dataset: asked for, waited for, shown. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { get, send } from "../api/client";
import type { Job } from "../api/types";

const isOpen = (job: Job) => job.state === "queued" || job.state === "running";

export function useNextVersion(dataset: string) {
  const [job, setJob] = useState<Job | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => void (here.current = false);
  }, []);
  const client = useQueryClient();
  const navigate = useNavigate();

  const ask = async (path: string, body: unknown) => {
    if (busy) return;
    setBusy(true);
    setProblem("");
    try {
      let now = await send<Job>("POST", path, body);
      while (isOpen(now)) {
        setJob(now);
        await new Promise((resolve) => setTimeout(resolve, 400));
        now = await get<Job>(`/jobs/${now.id}`);
      }
      if (now.state !== "succeeded") throw new Error(now.error ?? "It did not finish, and nothing was changed.");
      void client.invalidateQueries({ predicate: (query) => String(query.queryKey[0]).startsWith("/dataset") });
      // Who closed the question, or is elsewhere by now, stays there.
      if (here.current) void navigate(`/datasets/${dataset}/${String(now.result?.number ?? "latest")}`);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It could not be asked for.");
    }
    setJob(null);
    setBusy(false);
  };
  return { ask, busy, done: job?.done ?? 0, total: job?.total ?? null, problem };
}
