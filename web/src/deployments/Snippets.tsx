/* How to use a deployment from code: send an image to this server, or tell it what a model elsewhere said. */
import { useState } from "react";
import { keptToken } from "../api/token";
import type { ModelVersion } from "../api/types";
import { Segmented, Snippet } from "../design/controls";
import { edgeCommand, logInPython, logWithCurl, predictInPython, predictInShell, predictWithCurl, type Place } from "./commands";
import css from "./deployments.module.css";

type Way = { value: string; title: string; text: (place: Place) => string };

export function SendImages({ name }: { name: string }) {
  return (
    <Ways
      label="How to send an image"
      ways={[
        { value: "python", title: "Python", text: (place) => predictInPython(place, name) },
        { value: "curl", title: "curl", text: (place) => predictWithCurl(place, name) },
        { value: "shell", title: "Command line", text: (place) => predictInShell(place, name) },
      ]}
    />
  );
}

export function OwnMachines({ name, version }: { name: string; version: Pick<ModelVersion, "id" | "labels" | "task"> }) {
  const said = { label: version.labels[0] ?? "label", box: version.task !== "classification" };
  return (
    <Ways
      label="How to log a prediction"
      ways={[
        { value: "edge", title: "Relens on that machine", text: (place) => edgeCommand(place, name) },
        { value: "python", title: "Python", text: (place) => logInPython(place, name, said) },
        { value: "curl", title: "curl", text: (place) => logWithCurl(place, name, version.id, said) },
      ]}
    />
  );
}

/** Where the server asks for a token, it is copied with the command and not shown. */
function Ways({ label, ways }: { label: string; ways: Way[] }) {
  const [chosen, setChosen] = useState(ways[0].value);
  const way = ways.find((one) => one.value === chosen) ?? ways[0];
  const token = keptToken();
  const here = { server: new URL(".", document.baseURI).toString().replace(/\/$/, ""), token };
  return (
    <div className={css.snippets}>
      <Segmented label="Way" value={way.value} options={ways} onChange={setChosen} />
      <Snippet label={label} text={way.text(here)} shown={token ? way.text({ ...here, token: "••••••••" }) : undefined} />
    </div>
  );
}
