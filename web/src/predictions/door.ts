/* Reads and writes reviews with the revision that was seen. */
import { ApiError, get, send } from "../api/client";
import type { Verdict } from "../api/types";
import { Changed, type Door } from "./core/bulk";

export const door: Door = {
  read: (id) => get<Verdict>(`/predictions/${id}/verdict`),
  say: async (id, { status, annotations, reason }, revision) => {
    const reopens = status === "pending";
    const body = reopens ? undefined : { status, annotations, reason: reason ?? "" };
    try {
      return await send<Verdict>(reopens ? "DELETE" : "PUT", `/predictions/${id}/verdict`, body, { "if-match": `"${revision}"` });
    } catch (error) {
      throw error instanceof ApiError && error.status === 412 ? new Changed() : error;
    }
  },
};
