/* Commands that work when pasted, as text: send an image to this server, or tell it what a model elsewhere said. Pure. */

/** `server`: the address of the server; `token`: what it asks for, if it does. */
export type Place = { server: string; token: string | null };
export type Said = { label: string; box: boolean };

/** As one word of a POSIX shell. */
export const quoted = (text: string) => (/^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

const bearer = ({ token }: Place) => (token ? ` \\\n  -H ${quoted(`Authorization: Bearer ${token}`)}` : "");
const login = ({ token }: Place) => (token ? `export RELENS_TOKEN=${quoted(token)}\n` : "");
const client = ({ server, token }: Place) =>
  `client = relens.Client(${JSON.stringify(server)}${token ? `, token=${JSON.stringify(token)}` : ""})`;
const api = ({ server }: Place, path: string) => quoted(`${server}/api/v1${path}`);

export const INSTALL = "pip install relens";

export function predictInPython(place: Place, name: string): string {
  return `import relens

${client(place)}
answer = client.deployment("${name}").predict("image.jpg", source="line-1")
print(answer.detections)`;
}

export function predictWithCurl(place: Place, name: string): string {
  return `curl --data-binary @image.jpg -H "Content-Type: image/jpeg"${bearer(place)} \\
  ${api(place, `/deployments/${name}/predict?source=line-1`)}`;
}

export function predictInShell(place: Place, name: string): string {
  return `${INSTALL}
${login(place)}relens predict ${name} image.jpg --source line-1 --url ${quoted(place.server)}`;
}

export function edgeCommand(place: Place, name: string): string {
  return `${INSTALL}
${login(place)}relens edge ${name} --server ${quoted(place.server)} --source line-1 --folder images
# or instead of --folder: --camera 0, --stream rtsp://…, --http 9000`;
}

export function logInPython(place: Place, name: string, { label, box }: Said): string {
  return `import relens

${client(place)}
client.log("${name}", {
    "image": "image.jpg", "latency_ms": 31.0, "source": "line-1",
    "detections": [{"label": ${JSON.stringify(label)}, "confidence": 0.91${box ? ', "box": [12, 30, 96, 120]' : ""}}],
})
client.flush()`;
}

export function logWithCurl(place: Place, name: string, version: string, { label, box }: Said): string {
  const detection = JSON.stringify({ label, confidence: 0.91, ...(box ? { box: [12, 30, 96, 120] } : {}) });
  return `curl -o model.onnx${bearer(place)} ${api(place, `/model-versions/${version}/artifact`)}

curl -H "Content-Type: application/json"${bearer(place)} -d @- \\
  ${api(place, `/deployments/${name}/predictions`)} <<JSON
{"items": [{"image": "$(base64 < image.jpg | tr -d '\\n')", "latency_ms": 31.0, "source": "line-1",
  "detections": [${detection.replaceAll(/[\\$`]/g, "\\$&")}]}]}
JSON`;
}
