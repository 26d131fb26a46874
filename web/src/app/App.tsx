/* Wires every room to its address; decides nothing else. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createBrowserRouter, Navigate, RouterProvider, type RouteObject } from "react-router";
import { ApiError } from "../api/client";
import { HomePage } from "../home/HomePage";
import { fetchAhead } from "./ahead";
import { Broken } from "./Broken";
import { NotFound } from "./NotFound";
import { sheetsAgain, watchSheets } from "./sheets";
import { Shell } from "./Shell";
import { TokenQuestion } from "./TokenQuestion";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 502),
    },
  },
});

const page = (load: () => Promise<{ default: React.ComponentType }>) => async () => {
  const [{ default: Component }] = await Promise.all([load(), sheetsAgain()]);
  return { Component };
};

const deployment: RouteObject = {
  path: "deployments/:name",
  lazy: page(() => import("../deployments/DeploymentPage")),
  children: [
    { index: true, lazy: page(() => import("../monitoring/DashboardPage")) },
    { path: "predictions", lazy: page(() => import("../predictions/PredictionsPage")) },
    { path: "review", lazy: page(() => import("../review/ReviewPage")) },
    { path: "loop", lazy: page(() => import("../loop/LoopPage")) },
    { path: "settings", lazy: page(() => import("./SettingsPage")) },
  ],
};

const routes: RouteObject[] = [
  {
    element: <Shell />,
    errorElement: <Broken />,
    hydrateFallbackElement: <></>,
    children: [
      {
        errorElement: <Broken />,
        children: [
          { index: true, element: <HomePage /> },
          deployment,
          { path: "deployments/:name/predictions/:id", lazy: page(() => import("../predictions/PredictionPage")) },
          { path: "deployments", element: <Navigate to="/" replace /> },
          { path: "models", lazy: page(() => import("../models/ModelsPage")) },
          { path: "models/:model", lazy: page(() => import("../models/ModelPage")) },
          { path: "models/:model/:number", lazy: page(() => import("./VersionPage")) },
          { path: "datasets", lazy: page(() => import("../datasets/DatasetsPage")) },
          { path: "datasets/:dataset", lazy: page(() => import("../datasets/DatasetPage")) },
          { path: "datasets/:dataset/:number", lazy: page(() => import("../datasets/VersionPage")) },
          { path: "datasets/:dataset/:number/changes", lazy: page(() => import("../datasets/ChangesPage")) },
          { path: "training", lazy: page(() => import("../training/RunsPage")) },
          { path: "training/compare", lazy: page(() => import("../training/ComparePage")) },
          { path: "training/:id", lazy: page(() => import("../training/RunPage")) },
          { path: "alerts", lazy: page(() => import("../alerts/AlertsPage")) },
          { path: "jobs", lazy: page(() => import("../jobs/JobsPage")) },
          { path: "system", lazy: page(() => import("./SystemPage")) },
          { path: "system/api", lazy: page(() => import("./ApiPage")) },
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
];

const basename = new URL(document.baseURI).pathname.replace(/\/$/, "") || "/";
const router = createBrowserRouter(routes, { basename });
const asked = () => client.getQueryCache().getAll().length > 0 && client.isFetching() === 0;
watchSheets();
fetchAhead(routes, basename, () => router.state.initialized && router.state.navigation.state === "idle" && asked());

export function App() {
  return (
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
      <TokenQuestion />
    </QueryClientProvider>
  );
}
