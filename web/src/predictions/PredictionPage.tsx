/* One image: what was said of it, by which version, what a person said, and the walk back to where it came from. */
import { Link, useParams } from "react-router";
import type { Deployment, Prediction } from "../api/types";
import { useRead } from "../api/use";
import { Button, LinkButton } from "../design/controls";
import { Loaded, Page } from "../design/page";
import { Notice, ReviewChip } from "../design/status";
import { Detail } from "./Detail";
import { EraseButton } from "./EraseButton";
import css from "./predictions.module.css";
import { useNeighbours } from "./useNeighbours";
import { useReopen } from "./useReopen";

export default function PredictionPage() {
  const { name = "", id = "" } = useParams();
  const prediction = useRead<Prediction>(`/predictions/${id}`, undefined, { every: 5000 });
  const deployment = useRead<Deployment>(`/deployments/${name}`);
  const { before, after, state, list } = useNeighbours(name, id);
  const reopen = useReopen(name);
  const to = (other: string) => `/deployments/${name}/predictions/${other}`;
  return (
    <Page
      title={prediction.data?.client_id ?? "Image"}
      crumbs={[
        { title: "Deployments", to: "/" },
        { title: name, to: `/deployments/${name}` },
        { title: "Predictions", to: list },
      ]}
      chips={
        <>
          {prediction.data && <ReviewChip state={prediction.data.review} />}
          <span className={css.steps}>
            {before && (
              <Link to={to(before)} replace state={state} aria-label="Previous image" title="Previous image (←)">
                ←
              </Link>
            )}
            {after && (
              <Link to={to(after)} replace state={state} aria-label="Next image" title="Next image (→)">
                →
              </Link>
            )}
          </span>
        </>
      }
      actions={
        prediction.data &&
        prediction.data.keep_reason !== "erased" && (
          <>
            <EraseButton key={id} prediction={prediction.data} deployment={name} list={list} />
            {prediction.data.review !== "pending" && (
              <Button icon="undo" disabled={reopen.isPending} onClick={() => prediction.data && reopen.mutate(prediction.data)}>
                Reopen
              </Button>
            )}
            <LinkButton look="primary" to={`/deployments/${name}/review?image=${id}`}>
              {prediction.data.review === "pending" ? "Review this image" : "Review again"}
            </LinkButton>
          </>
        )
      }
    >
      {reopen.error && <Notice tone="bad">{reopen.error.message}</Notice>}
      <Loaded query={prediction} height={420}>
        {(found) => <Detail key={found.id} prediction={found} name={name} labels={deployment.data?.labels ?? []} />}
      </Loaded>
    </Page>
  );
}
