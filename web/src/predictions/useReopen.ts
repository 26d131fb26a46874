/* Takes a review back, if it is still the one that is shown. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Prediction } from "../api/types";
import { decideSeen } from "./core/bulk";
import { door } from "./door";

export function useReopen(deployment: string) {
  const client = useQueryClient();
  return useMutation<unknown, Error, Pick<Prediction, "id" | "review">>({
    mutationFn: (shown) => decideSeen(door, shown, { status: "pending", annotations: [], reason: "" }),
    onSettled: (_done, _error, { id }) =>
      client.invalidateQueries({
        predicate: ({ queryKey }) =>
          [`/predictions/${id}`, `/deployments/${deployment}`].some((path) => String(queryKey[0]).startsWith(path)),
      }),
  });
}
