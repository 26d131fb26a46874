/* What was dropped or chosen: one zip, or the files of folders with their paths. */
import type { Named } from "./zip";

/** `zip`: sent as it is. `files`: zipped on the way. `name`: what to call it. */
export type Dropped = { name: string; bytes: number } & ({ zip: File; files: null } | { zip: null; files: Named[] });

const PASSED_OVER = /(^|\/)(\.|__MACOSX|Thumbs\.db$|desktop\.ini$)/;

export async function ofDrop(transfer: DataTransfer): Promise<Dropped | null> {
  // Read before the first pause: afterwards the browser has forgotten what was dropped.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: Named[] = [];
  for (const entry of entries) await walk(entry, "", found);
  return ofFiles(found);
}

export function ofList(list: FileList): Dropped | null {
  return ofFiles([...list].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

function ofFiles(found: Named[]): Dropped | null {
  const files = found.filter((one) => !PASSED_OVER.test(one.path));
  const first = files[0];
  if (!first) return null;
  if (files.length === 1 && /\.zip$/i.test(first.path)) {
    const zip = first.file as File;
    return { name: zip.name.replace(/\.zip$/i, ""), bytes: zip.size, zip, files: null };
  }
  const name = first.path.includes("/") ? (first.path.split("/")[0] ?? "") : "";
  return { name, bytes: files.reduce((sum, one) => sum + one.file.size, 0), zip: null, files };
}

async function walk(entry: FileSystemEntry, above: string, found: Named[]): Promise<void> {
  const path = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ path, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const one of some) await walk(one, `${path}/`, found);
  }
}

/** A name a dataset can have. */
export function nameFor(text: string): string {
  return text
    .replaceAll(/[^\p{L}\p{N}_.-]+/gu, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "")
    .toLowerCase()
    .slice(0, 100);
}
