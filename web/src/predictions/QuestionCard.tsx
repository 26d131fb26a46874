/* What somebody asked about this image, to be answered here by whoever knows. */
import { useState } from "react";
import type { Question } from "../api/types";
import { useRead, useSend } from "../api/use";
import { Button, Textarea } from "../design/controls";
import { who } from "../design/format";
import { Card } from "../design/page";
import { Chip, Notice } from "../design/status";
import { Time } from "../design/Time";
import css from "./predictions.module.css";

/** Nothing while nobody asked. */
export function QuestionCard({ id, name }: { id: string; name: string }) {
  const path = `/predictions/${id}/question`;
  const question = useRead<Question>(path, undefined, { every: 10_000 }).data;
  const [text, setText] = useState("");
  const answer = useSend(path, `/deployments/${name}`);
  if (!question?.state) return null;
  const open = question.state === "open";
  const submit = () =>
    answer.mutate({ method: "PUT", path: `${path}/answer`, body: { text: text.trim() } }, { onSuccess: () => setText("") });
  return (
    <Card title="Question" aside={<Chip tone={open ? "warn" : "ok"}>{open ? "Open" : "Answered"}</Chip>}>
      <form className={css.form} onSubmit={(event) => (event.preventDefault(), submit())}>
        <p className={css.asked}>
          {question.text}
          <small>
            {who(question.by)} · <Time at={question.at} />
          </small>
        </p>
        {open ? (
          <>
            <Textarea
              aria-label="Answer"
              placeholder="Answer"
              rows={2}
              maxLength={2000}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
            <Button type="submit" disabled={answer.isPending || !text.trim()}>
              Answer
            </Button>
          </>
        ) : (
          <p className={css.asked}>
            {question.answer}
            <small>
              {who(question.answered_by)} · <Time at={question.answered_at} />
            </small>
          </p>
        )}
        {answer.error && <Notice tone="bad">{answer.error.message}</Notice>}
      </form>
    </Card>
  );
}
