/* The page of a server that has nothing yet: what Relens does, and two ways to begin. */
import { Link } from "react-router";
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
              Simulated parts on three conveyor lines. A model trains, goes live, one camera darkens, six reviews later it retrains. About
              five minutes.
            </p>
            <Snippet label="Command that starts the demo" text="relens demo" />
          </div>
        </Card>
        <Card title="Use your own model">
          <ol className={css.steps}>
            <li>
              <h3>Bring the images it was trained on</h3>
              <div>
                <p>
                  A zip in COCO format, or one folder per label, dropped on <Link to="/datasets">Datasets</Link>.
                </p>
              </div>
            </li>
            <li>
              <h3>Bring the model, or train one here</h3>
              <div>
                <p>
                  Register an ONNX file on <Link to="/models">Models</Link>, or start a <Link to="/training">training run</Link>.
                </p>
              </div>
            </li>
            <li>
              <h3>Press Deploy and send an image</h3>
              <div>
                <LinkButton to="/datasets" look="primary">
                  Import a dataset
                </LinkButton>
              </div>
            </li>
          </ol>
        </Card>
      </div>
    </main>
  );
}
