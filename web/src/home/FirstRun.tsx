/* The page of a server that has nothing yet: what Relens does, and two ways to begin. */
import { LinkButton, Snippet } from "../design/controls";
import { Circle } from "../design/Circle";
import { Card, useTitle } from "../design/page";
import page from "../design/page.module.css";
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
        <Card title="Watch the demo">
          <div className={css.way}>
            <p className={page.lead}>
              Simulated parts on three conveyor lines: a model trains and goes live, one camera darkens, its answers are corrected, and the
              next version takes over. About five minutes, on a server of its own.
            </p>
            <Snippet label="Command that starts the demo" text="relens demo" />
          </div>
        </Card>
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
