/* A label that people miss while reviewing: from its adding on it can be used, and the dataset learns it with its next version. */
import { useState } from "react";
import { useSend } from "../api/use";

export function useAddLabel(deployment: string, use: (label: string) => void) {
  const send = useSend("/deployments", "/overview");
  const [problem, setProblem] = useState<string | null>(null);
  const add = (written: string) => {
    // As the server writes it.
    const label = written.split(/\s+/).filter(Boolean).join(" ");
    if (!label || send.isPending) return;
    setProblem(null);
    send.mutate(
      { method: "POST", path: `/deployments/${deployment}/labels`, body: { label } },
      { onSuccess: () => use(label), onError: (error) => setProblem(error.message) },
    );
  };
  return { add, problem };
}
