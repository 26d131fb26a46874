/* Reviewing in another tool: the queue out as its file, and the reviews made there back, told line by line before anything is written. */
import { useRef, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { apiUrl, send } from "../api/client";
import type { Page, ReviewExchange, Travel } from "../api/types";
import { useRead } from "../api/use";
import { Button, Field, Input, Select, Switch } from "../design/controls";
import { Dialog } from "../design/Dialog";
import { count, plural } from "../design/format";
import { Loaded } from "../design/page";
import { Notice } from "../design/status";
import css from "./travel.module.css";

type Props = { open: boolean; onClose: () => void; deployment: string };

export function TravelDialog({ open, onClose, deployment }: Props) {
  const tools = useRead<Page<ReviewExchange>>(open ? "/review-exchanges" : null);
  return (
    <Dialog open={open} onClose={onClose} title="Review in another tool" wide>
      <Loaded query={tools} height={200}>
        {({ items }) => <Travelling tools={items} deployment={deployment} />}
      </Loaded>
    </Dialog>
  );
}

function Travelling({ tools, deployment }: { tools: ReviewExchange[]; deployment: string }) {
  const usual = tools.find((one) => one.name === "label_studio") ?? tools[0];
  const [name, setName] = useState(usual.name);
  const [limit, setLimit] = useState("100");
  const tool = tools.find((one) => one.name === name) ?? usual;
  return (
    <div className={css.travel}>
      <Field label="Tool">
        <Select
          value={name}
          options={tools.map((one) => ({ value: one.name, title: one.title }))}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <section>
        <h3>Out</h3>
        <p>The next images of the queue, with what was answered filled in. Nobody is kept from them here meanwhile.</p>
        <div className={css.row}>
          <Input
            type="number"
            min={1}
            max={5000}
            aria-label="How many images"
            value={limit}
            onChange={(event) => setLimit(event.target.value)}
          />
          <a
            className={css.link}
            download
            href={apiUrl(`/deployments/${deployment}/review-export`, { form: name, limit: Number(limit) || 100 })}
          >
            Download the file
          </a>
          {tool.setup && (
            <a className={css.link} download href={apiUrl(`/deployments/${deployment}/review-export/setup`, { form: name })}>
              Labelling setup
            </a>
          )}
        </div>
      </section>
      <section>
        <h3>Back</h3>
        <Back key={name} tool={tool} deployment={deployment} />
      </section>
    </div>
  );
}

function Back({ tool, deployment }: { tool: ReviewExchange; deployment: string }) {
  const [file, setFile] = useState<File | null>(null);
  const [empty, setEmpty] = useState(false);
  const [found, setFound] = useState<Travel | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const client = useQueryClient();
  const latest = useRef(0);
  const ask = async (chosen: File, go: boolean, nothing: boolean) => {
    const mine = ++latest.current;
    setBusy(true);
    setProblem(null);
    try {
      const asked = new URLSearchParams({ form: tool.name, go: String(go), empty: String(nothing) });
      const answer = await send<Travel>("POST", `/deployments/${deployment}/review-import?${asked}`, chosen);
      if (mine !== latest.current) return;
      setFound(answer);
      if (go) await client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith(`/deployments/${deployment}`) });
    } catch (error) {
      if (mine !== latest.current) return;
      setFound(null);
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      if (mine === latest.current) setBusy(false);
    }
  };
  const choose = (chosen: File | null) => {
    setFile(chosen);
    setFound(null);
    if (chosen) void ask(chosen, false, empty);
  };
  return (
    <div className={css.back}>
      <input
        type="file"
        accept=".json,application/json"
        aria-label={`File exported by ${tool.title}`}
        onChange={(event) => choose(event.target.files?.[0] ?? null)}
      />
      {!tool.empty && (
        <Switch
          checked={empty}
          onChange={(on) => {
            setEmpty(on);
            if (file) void ask(file, false, on);
          }}
        >
          Images without annotations have nothing on them
        </Switch>
      )}
      {problem && <Notice tone="bad">{problem}</Notice>}
      {busy && !found && <p role="status">Reading…</p>}
      {found && <Report found={found} />}
      {file && found && !found.taken && (
        <Button look="primary" disabled={busy || found.reviews === 0} onClick={() => void ask(file, true, empty)}>
          {busy ? "Taking…" : `Take ${plural(found.reviews, "review")}`}
        </Button>
      )}
    </div>
  );
}

const WORDS: Record<string, string> = {
  same: "said so already",
  conflict: "reviewed here meanwhile, which stays",
  left: "nothing said",
  problem: "cannot be taken",
};
const LOUD = new Set(["conflict", "problem"]);
const FIRST = 50;

function Report({ found }: { found: Travel }) {
  const [all, setAll] = useState(false);
  const told = found.lines.filter((line) => LOUD.has(line.becomes));
  return (
    <div className={css.report} role="status">
      <p>
        <strong>{found.taken ? `${plural(found.reviews, "review")} taken` : `${plural(found.reviews, "review")} would be taken`}</strong>
        {Object.entries(found.counts)
          .map(([what, n]) => ` · ${count(n)} ${WORDS[what] ?? what}`)
          .join("")}
      </p>
      {told.length > 0 && (
        <ul>
          {told.slice(0, all ? undefined : FIRST).map((line) => (
            <li key={line.place} data-becomes={line.becomes}>
              <span>{line.place}</span> {line.says}
            </li>
          ))}
        </ul>
      )}
      {told.length > FIRST && !all && (
        <Button small look="quiet" onClick={() => setAll(true)}>
          All {count(told.length)}
        </Button>
      )}
    </div>
  );
}
