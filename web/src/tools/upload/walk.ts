// From what was dropped or picked to a flat list of files: folders are walked, and what no scanner wrote is left out.

export interface Found {
  /** Path within what was dropped: `CT/IM0001`. */
  readonly name: string;
  readonly file: File;
}

const LITTER = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|__MACOSX(\/|$)|\._)/i;

/** Walks what was dropped. The items must be taken before the event ends, so this is called from its handler. */
export async function dropped(transfer: DataTransfer): Promise<Found[]> {
  const entries: FileSystemEntry[] = [];
  const loose: File[] = [];
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    if (entry) entries.push(entry);
    else {
      const file = item.getAsFile();
      if (file) loose.push(file);
    }
  }
  const found = loose.map((file) => ({ name: file.name, file }));
  for (const entry of entries) await walk(entry, found);
  return found.filter((one) => !LITTER.test(one.name));
}

/** The files of a picker; those of a folder picker carry their path. */
export function picked(files: FileList): Found[] {
  return [...files].map((file) => ({ name: file.webkitRelativePath || file.name, file })).filter((one) => !LITTER.test(one.name));
}

async function walk(entry: FileSystemEntry, into: Found[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    into.push({ name: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // a reader gives at most a hundred at a time, and an empty list at the end
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const one of some) await walk(one, into);
  }
}
