/* The page of a server that has no deployment yet: what Relens does, and two ways to begin, or what has begun. */
import { useGet } from "../api/use";
import { LinkButton, Snippet } from "../design/controls";
import { Circle } from "../design/Circle";
import { Card, useTitle } from "../design/page";
import page from "../design/page.module.css";
import { JobChip } from "../design/status";
import { Time } from "../design/Time";
import css from "./home.module.css";

export function FirstRun() {
  useTitle("Relens");
  return (
    <main className={page.page} id="main">
      <header className={css.hero}>
        <h1>Your vision model, watched, corrected and retrained</h1>
        <p>
          Deploy a model. Relens keeps every image it answers, shows when production moves away from the training data, and turns what you
          correct into the next version.
        </p>
      </header>
      <Circle />
      <div className={css.ways}>
        <Begun />
        <Card title="Use your own model">
          <ol className={css.steps}>
            <li>
              <h3>Bring the images it was trained on</h3>
              <p>COCO, YOLO, Pascal VOC, or one folder per label.</p>
              <LinkButton to="/datasets" look="primary">
                Import a dataset
              </LinkButton>
            </li>
            <li>
              <h3>Bring the model, or train one here</h3>
              <p>An ONNX file, or a training run on that dataset.</p>
              <span className={css.buttons}>
                <LinkButton to="/models">Register a model</LinkButton>
                <LinkButton to="/training">Start a training run</LinkButton>
              </span>
            </li>
            <li>
              <h3>Deploy it and send an image</h3>
              <p>
                <b>Deploy</b> stands on the page of every version; the address and the code to send images come with it.
              </p>
            </li>
          </ol>
        </Card>
      </div>
    </main>
  );
}

/** The demo, to whoever has not begun; to whoever has, and to whoever watches the demo, what is under way. */
function Begun() {
  const runs = useGet("/training-runs", { limit: 1 }, { every: 4000 }).data?.items;
  const datasets = useGet("/datasets", undefined, { every: 4000 }).data?.items;
  const imports = useGet("/jobs", { state: "running" }, { every: 5000 }).data?.items;
  if (!runs || !datasets || !imports) return null;
  const run = runs[0];
  if (run) {
    return (
      <Card title={`Training ${run.model}`} aside={<JobChip state={run.state} />}>
        <div className={css.way}>
          <p className={page.lead}>
            Begun <Time at={run.started_at ?? run.created_at} />.{" "}
            {run.error ? "Its page says why it failed." : "The version it makes can be deployed, and its answers are watched here."}
          </p>
          <LinkButton to={`/training/${run.id}`}>Look at it</LinkButton>
        </div>
      </Card>
    );
  }
  if (datasets.length + imports.length > 0) return null;
  return (
    <Card title="Watch the demo">
      <div className={css.way}>
        <p className={page.lead}>
          Simulated parts on three conveyor lines: a model trains and goes live, one camera darkens, its answers are corrected, and the next
          version takes over. About five minutes, on a server of its own.
        </p>
        <Snippet label="Command that starts the demo" text="relens demo" />
      </div>
    </Card>
  );
}
