/* The pipeline as it stands: what was added, what is running, what was decided, who had which role. */
import { useGet, useSend } from "../api/use";
import { Button } from "../design/controls";
import { useDeployment } from "../design/deployment";
import { Card, dim, Empty, Loaded } from "../design/page";
import { Notice } from "../design/status";
import { BadCandidate } from "./BadCandidate";
import { DecisionCard } from "./DecisionCard";
import css from "./loop.module.css";
import { Effects } from "./Effects";
import { Flow } from "./Flow";
import { JudgeButton } from "./JudgeButton";
import { ReplayCard } from "./ReplayCard";
import { Roles } from "./Roles";
import { RunCard } from "./RunCard";
import { State } from "./State";

export default function LoopPage() {
  const overview = useDeployment();
  const { deployment, loop } = overview;
  const decisions = useGet(`/deployments/${deployment.name}/decisions`, undefined, { every: 3000 });
  const retrain = useSend(`/deployments/${deployment.name}`, "/jobs");
  const off = overview.pipeline.feedback_loop?.state === "off";
  const running = Boolean(loop?.run);

  return (
    <>
      <Card
        title="The loop"
        aside={
          <span className={css.actions}>
            <BadCandidate deployment={deployment} />
            <JudgeButton deployment={deployment} />
            <Button
              icon="play"
              small
              disabled={off || running || retrain.isPending}
              onClick={() => retrain.mutate({ method: "POST", path: `/deployments/${deployment.name}/retrain` })}
            >
              {running ? "Running" : "Run now"}
            </Button>
          </span>
        }
      >
        <Flow overview={overview} />
        {off && (
          <p className={dim}>
            The feedback loop is off. Choose the training data in Settings and press Save: reviews then flow into its next version.
          </p>
        )}
        {loop && <State loop={loop} />}
        {retrain.error && <Notice tone="bad">{retrain.error.message}</Notice>}
      </Card>
      {loop?.waiting && <DecisionCard decision={loop.waiting} waitsIn={deployment} />}
      {loop?.run && <RunCard run={loop.run} />}
      <Effects />
      <Card title="Decisions">
        <Loaded query={decisions}>
          {({ items }) => {
            const past = items.filter((decision) => decision.id !== loop?.waiting?.id);
            return past.length === 0 ? (
              <Empty title="No decision yet">
                Each trained candidate is compared with the champion on images that neither was trained on. What was decided, and why,
                appears here.
              </Empty>
            ) : (
              <div className={css.decisions}>
                {past.map((decision) => (
                  <DecisionCard key={decision.id} decision={decision} />
                ))}
              </div>
            );
          }}
        </Loaded>
      </Card>
      <ReplayCard deployment={deployment} />
      <Roles deployment={deployment} loop={loop} />
    </>
  );
}
