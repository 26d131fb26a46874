import { expect, test } from "vitest";
import { crc32, tooMuch, zip } from "./zip";

test("the checksum is the one everybody uses, also in pieces", () => {
  const text = new TextEncoder().encode("123456789");
  expect(crc32(text)).toBe(0xcbf43926);
  expect(crc32(text.slice(4), crc32(text.slice(0, 4)))).toBe(0xcbf43926);
});

test("every file stands in the directory, and the directory points to it", async () => {
  const files = [
    { path: "a folder/ä b.txt", file: new Blob(["hello"]) },
    { path: "empty.txt", file: new Blob([]) },
    { path: "large.bin", file: new Blob([new Uint8Array(5 << 20).fill(7)]) },
  ];
  let read = 0;
  const made = await zip(files, (bytes) => (read = bytes), new AbortController().signal);
  expect(read).toBe(5 + (5 << 20));
  const bytes = new Uint8Array(await made.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const end = bytes.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  expect(view.getUint16(end + 10, true)).toBe(3);
  let at = view.getUint32(end + 16, true);
  for (const { path, file } of files) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const length = view.getUint16(at + 28, true);
    expect(new TextDecoder().decode(bytes.slice(at + 46, at + 46 + length))).toBe(path);
    const local = view.getUint32(at + 42, true);
    expect(view.getUint32(local, true)).toBe(0x04034b50);
    const held = bytes.slice(local + 30 + length, local + 30 + length + file.size);
    expect(crc32(held)).toBe(view.getUint32(at + 16, true));
    expect(held.length).toBe(view.getUint32(at + 24, true));
    at += 46 + length;
  }
  expect(at).toBe(end);
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
