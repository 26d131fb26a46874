import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crc32, tooMuch, zip } from "./zip";

test("the checksum is the one everybody uses, also in pieces", () => {
  const text = new TextEncoder().encode("123456789");
  expect(crc32(text)).toBe(0xcbf43926);
  expect(crc32(text.slice(4), crc32(text.slice(0, 4)))).toBe(0xcbf43926);
});

test("another program opens the zip and finds every file whole", async () => {
  const files = [
    { path: "a folder/ä b.txt", file: new Blob(["hello"]) },
    { path: "empty.txt", file: new Blob([]) },
    { path: "large.bin", file: new Blob([new Uint8Array(5 << 20).fill(7)]) },
  ];
  let read = 0;
  const made = await zip(files, (bytes) => (read = bytes), new AbortController().signal);
  expect(read).toBe(5 + (5 << 20));
  const path = join(mkdtempSync(join(tmpdir(), "zip-")), "made.zip");
  writeFileSync(path, new Uint8Array(await made.arrayBuffer()));
  const look =
    "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), [(i.filename, i.file_size) for i in z.infolist()])";
  const told = execFileSync(process.env.RELENS_PYTHON ?? "python3", ["-X", "utf8", "-c", look, path], { encoding: "utf8" });
  expect(told.trim()).toBe("None [('a folder/ä b.txt', 5), ('empty.txt', 0), ('large.bin', 5242880)]");
});

test("what is stopped makes no zip", async () => {
  const stop = new AbortController();
  stop.abort();
  await expect(zip([{ path: "a", file: new Blob(["x"]) }], () => {}, stop.signal)).rejects.toThrow();
});

test("more than a zip of the plain kind can hold is said, with another way", () => {
  const many = Array.from({ length: 70_000 }, (_, i) => ({ path: `${i}.png`, file: new Blob([]) }));
  expect(tooMuch(many)).toContain("relens dataset import");
  expect(tooMuch(many.slice(0, 10))).toBeNull();
});
