import { expect, it } from "vitest";
import { keptToken } from "../api/token";
import { edgeCommand, logWithCurl, predictInPython, predictWithCurl, quoted } from "./commands";

const open = { server: "http://127.0.0.1:8417", token: null };
const closed = { server: "https://vision.example/relens", token: "it's a secret of 26 letters" };

it("carries the token where the server asks for one, and not otherwise", () => {
  expect(predictWithCurl(open, "weld")).not.toContain("Authorization");
  expect(predictWithCurl(closed, "weld")).toContain("Authorization: Bearer it'\\''s a secret");
  expect(predictInPython(closed, "weld")).toContain('token="it\'s a secret of 26 letters"');
  expect(edgeCommand(open, "weld")).not.toContain("RELENS_TOKEN");
  expect(edgeCommand(closed, "weld")).toContain("export RELENS_TOKEN='it'\\''s");
});

it("keeps a label with quotes whole in the shell", () => {
  const text = logWithCurl(open, "weld", "v", { label: 'cost $5 "net"', box: false });
  expect(text).toContain(String.raw`"label":"cost \$5 \\"net\\""`);
});

it("keeps a label with a backslash whole in the shell", () => {
  const text = logWithCurl(open, "weld", "v", { label: String.raw`a\b`, box: false });
  // The shell makes one of two: what arrives is the backslash as JSON writes it.
  expect(text).toContain(String.raw`"label":"a\\\\b"`);
});

it("quotes only what a shell would read otherwise", () => {
  expect(quoted("http://a:1/b")).toBe("http://a:1/b");
  expect(quoted("a b")).toBe("'a b'");
});

it("finds the token among other cookies", () => {
  expect(keptToken("a=1; relens_token=x%20y; b=2")).toBe("x y");
  expect(keptToken("a=1")).toBeNull();
  expect(keptToken("not_relens_token=1")).toBeNull();
});
