/* What the tiles of one dashboard share. */
import { createContext, useContext } from "react";
import type { Params } from "../api/client";
import type { Dashboard, Measurement, MetricInfo } from "../api/types";

export type Board = {
  dashboard: Dashboard;
  /** The other role's numbers on the same images, and what it is called; null where there is only one. */
  beside: { name: string; dashboard: Dashboard } | null;
  catalog: Record<string, MetricInfo>;
  name: string;
  threshold: number;
  labels: string[];
  label: string;
  /** The filters in force, for tiles that ask for more. */
  params: Params;
  /** What the time axes span, in seconds; the last bucket is whole. */
  span: [number, number];
  zoom: (from: number, to: number) => void;
  /** All images of the window, as a query of the log. */
  query: string;
  /** Where the images are that a query finds. */
  find: (query: string, sort?: string) => string;
};
export const BoardContext = createContext<Board | null>(null);

export function useBoard(): Board {
  const board = useContext(BoardContext);
  if (!board) throw new Error("a tile stands on a dashboard");
  return board;
}

/** The other role's measurement of a metric, where there is one. */
export function useBeside(metric: string): { name: string; measure: Measurement } | null {
  const { beside } = useBoard();
  const measure = beside?.dashboard.metrics[metric];
  return beside && measure?.available ? { name: beside.name, measure } : null;
}
