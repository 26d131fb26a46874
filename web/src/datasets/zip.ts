/* A folder's files as one zip that is as large as they are: images do not pack, so nothing is packed, and no file is held in memory. */

export type Named = { path: string; file: Blob };

const MOST_FILES = 65_535;
const MOST_BYTES = 0xffff_ffff;
const UTF8_NAMES = 0x0800;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

export function crc32(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  for (const byte of bytes) value = (TABLE[(value ^ byte) & 0xff] as number) ^ (value >>> 8);
  return ~value >>> 0;
}

/** Why these files cannot go into one zip, or nothing. */
export function tooMuch(files: readonly Named[]): string | null {
  const bytes = files.reduce((sum, one) => sum + one.file.size + 2 * one.path.length + 200, 0);
  if (files.length <= MOST_FILES && bytes <= MOST_BYTES) return null;
  return "A folder of more than 4 GB or 65,535 files is too large to be sent from a browser. Use: relens dataset import FOLDER";
}

/** `read` hears how many bytes were read so far: every file is read once, for its checksum. */
export async function zip(files: readonly Named[], read: (bytes: number) => void, signal: AbortSignal): Promise<Blob> {
  const parts: BlobPart[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  let done = 0;
  for (const { path, file } of files) {
    signal.throwIfAborted();
    let sum = 0;
    for (let at = 0; at < file.size; at += 1 << 22) {
      const piece = new Uint8Array(await file.slice(at, at + (1 << 22)).arrayBuffer());
      sum = crc32(piece, sum);
      done += piece.length;
      read(done);
    }
    const name = new TextEncoder().encode(path);
    const facts = [UTF8_NAMES, 0, 0, 0x21, sum, file.size, file.size, name.length, 0];
    const local = record(0x04034b50, [20, ...facts], "2222244422", name);
    directory.push(record(0x02014b50, [20, 20, ...facts, 0, 0, 0, 0, offset], "2222224442222244", name));
    parts.push(local, file);
    offset += local.length + file.size;
  }
  const size = directory.reduce((sum, one) => sum + one.length, 0);
  const end = record(0x06054b50, [0, 0, files.length, files.length, size, offset, 0], "2222442", new Uint8Array());
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** A signature, numbers of 2 or 4 bytes as `widths` says, and a name. */
function record(signature: number, values: number[], widths: string, name: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = 4 + [...widths].reduce((sum, width) => sum + Number(width), 0);
  const bytes = new Uint8Array(head + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  let at = 4;
  values.forEach((value, i) => {
    if (widths[i] === "2") view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += Number(widths[i]);
  });
  bytes.set(name, head);
  return bytes;
}
