/* Commands that work when pasted: send an image to this server, or tell it what a model elsewhere said. */
import { useState } from "react";
import { apiUrl } from "../api/client";
import type { ModelVersion } from "../api/types";
import { Segmented, Snippet } from "../design/controls";
import css from "./deployments.module.css";

const WAYS = [
  { value: "python", title: "Python" },
  { value: "curl", title: "curl" },
];

const origin = () => new URL(".", document.baseURI).toString().replace(/\/$/, "");

const ELSEWHERE = [{ value: "edge", title: "Relens on that machine" }, ...WAYS];

export function SendImages({ name }: { name: string }) {
  const [way, setWay] = useState("python");
  const python = `import relens

client = relens.Client("${origin()}")
answer = client.deployment("${name}").predict("image.jpg", source="line-1")
print(answer.detections)`;
  const curl = `curl --data-binary @image.jpg \\
  -H "Content-Type: image/jpeg" \\
  "${apiUrl(`/deployments/${name}/predict`)}?source=line-1"`;
  return (
    <div className={css.snippets}>
      <Segmented label="Language" value={way} options={WAYS} onChange={setWay} />
      <Snippet label="How to send an image" text={way === "python" ? python : curl} />
    </div>
  );
}

export function OwnMachines({ name, version }: { name: string; version: Pick<ModelVersion, "id" | "labels" | "task"> }) {
  const [way, setWay] = useState("edge");
  const edge = `pip install relens
relens edge ${name} --server ${origin()} --source line-1 --camera 0   # or --folder images/, --stream rtsp://…, --http 9000`;
  const label = version.labels[0] ?? "label";
  const box = version.task === "classification" ? "" : ', "box": [12, 30, 96, 120]';
  const python = `import relens

client = relens.Client("${origin()}")
client.deployment("${name}").log([{
    "image": "image.jpg", "latency_ms": 31.0, "source": "line-1",
    "detections": [{"label": "${label}", "confidence": 0.91${box}}],
}])`;
  const curl = `curl -o model.onnx "${apiUrl(`/model-versions/${version.id}/artifact`)}"

curl -H "Content-Type: application/json" "${apiUrl(`/deployments/${name}/predictions`)}" -d @- <<JSON
{"items": [{"image": "$(base64 -w0 image.jpg)", "latency_ms": 31.0, "source": "line-1",
  "detections": [{"label": "${label}", "confidence": 0.91${box}}]}]}
JSON`;
  return (
    <div className={css.snippets}>
      <Segmented label="Way" value={way} options={ELSEWHERE} onChange={setWay} />
      <Snippet label="How to log a prediction" text={way === "edge" ? edge : way === "python" ? python : curl} />
    </div>
  );
}
