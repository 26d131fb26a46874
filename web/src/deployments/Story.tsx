/* The story a demonstration tells on the page itself: the line, where it is now, and what to look at or do. */
import { useState } from "react";
import type { Deployment } from "../api/types";
import { Circle } from "../design/Circle";
import { Button, LinkButton } from "../design/controls";
import { storyOf } from "./told";
import css from "./story.module.css";

/** `slim`: without the line, where the page needs its height. */
export function Story({ deployment, slim }: { deployment: Deployment; slim: boolean }) {
  const [away, setAway] = useState(() => sessionStorage.getItem(`story ${deployment.id}`) !== null);
  const told = storyOf(deployment);
  if (!told || (away && told.over)) return null;
  const put = () => {
    sessionStorage.setItem(`story ${deployment.id}`, "away");
    setAway(true);
  };
  return (
    <section className={css.story} aria-label="What is happening">
      {!slim && <Circle at={told.station} />}
      <div className={css.said}>
        <p role="status">{told.sentence}</p>
        {told.page && (
          <LinkButton look="primary" small to={`/deployments/${deployment.name}${told.page.startsWith("#") ? "" : "/"}${told.page}`}>
            {told.button ?? "Look at it"}
          </LinkButton>
        )}
        {told.over && (
          <Button small look="quiet" onClick={put}>
            Put away
          </Button>
        )}
      </div>
    </section>
  );
}
