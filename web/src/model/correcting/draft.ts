// Edits that are not saved yet, sealed in this browser's database as they are made: a reload, a crash or a killed browser
// loses nothing, not even what could be undone. Kept by user and drawing.
//
// What lies there is always a state that stood once: an edit that the browser has no room for keeps those after it out, too,
// and is tried again with each.
import { database, dropEdits, got, openJson, sealJson, written } from "../drafts/shelf";
import { type Sealed, type Vault, vault } from "../drafts/vault";
import type { Edit, Labels } from "./edits";

export interface Draft {
  /** Edits that stand; those after them were undone. */
  readonly done: number;
  readonly edits: readonly Edit[];
  readonly comment: string;
  /** The job that makes it a version, if it was sent. */
  readonly sent: string | null;
}

/** As it lies in the database. */
export interface Head {
  readonly user: string;
  readonly result: string;
  readonly sent: string | null;
  readonly sealed: Sealed;
}

interface LyingEdit {
  readonly n: number;
  readonly sealed: Sealed;
}

export class Drafts {
  private line: Promise<unknown> = Promise.resolve();
  /** Edits that are not on the disk, by number. */
  private readonly waiting = new Map<number, Edit>();
  /** What lies on the disk from this edit on was replaced. */
  private cut: { readonly from: number } | null = null;
  private head: { done: number; comment: string; sent: string | null } | null = null;
  private key: Vault | null = null;

  constructor(private readonly result: string) {}

  /** How many of the edits that stand are not on the disk. */
  get unkept(): number {
    return this.due().length;
  }

  async read(): Promise<Draft | null> {
    const key = this.mine();
    const transaction = (await database()).transaction(["heads", "edits"]);
    const [head, lying] = await Promise.all([
      got<Head | undefined>(transaction.objectStore("heads").get([key.user, this.result])),
      got<LyingEdit[]>(transaction.objectStore("edits").getAll(this.from(key, -Infinity))),
    ]);
    if (!head) return null;
    const { done, comment } = (await openJson(key, `${this.result} head`, head.sealed)) as { done: number; comment: string };
    const whole = lying.filter((one, n) => one.n === n);
    const edits = await Promise.all(whole.map(async ({ n, sealed }) => unpacked(await key.open(`${this.result} ${n}`, sealed))));
    return { done: Math.min(done, edits.length), edits, comment, sent: head.sent };
  }

  /** Edit number `n` was made; what stood behind it is gone. */
  add(n: number, edit: Edit, comment: string): Promise<void> {
    for (const one of this.waiting.keys()) if (one >= n) this.waiting.delete(one);
    this.waiting.set(n, edit);
    this.cut = { from: Math.min(n, this.cut?.from ?? n) };
    return this.move(n + 1, comment);
  }

  /** So many edits stand now. */
  move(done: number, comment: string): Promise<void> {
    this.head = { done, comment, sent: null };
    return this.write();
  }

  /** They were sent, and a job makes them a version. */
  sent(job: string): Promise<void> {
    if (!this.head) return this.settled();
    this.head = { ...this.head, sent: job };
    return this.write();
  }

  clear(): Promise<void> {
    this.waiting.clear();
    this.cut = null;
    this.head = null;
    const key = this.mine();
    return this.inLine(() => written(["heads", "edits"], (store) => dropEdits(store, key.user, this.result)));
  }

  /** A draft that was read goes on. */
  takeUp({ done, comment, sent }: Draft): void {
    this.head = { done, comment, sent };
  }

  /** When all that could be written until now is on the disk. */
  async settled(): Promise<void> {
    await this.line;
  }

  /** Brings all that stands to the disk, one writing after another. */
  private write(): Promise<void> {
    return this.inLine(async () => {
      const { head, cut, result } = this;
      if (!head) return;
      const key = this.mine();
      const due = this.due();
      const user = key.user;
      const edits = await Promise.all(
        due.map(async ([n, edit]) => ({ user, result, n, sealed: await key.seal(`${result} ${n}`, packed(edit)) })),
      );
      const { done, comment, sent } = head;
      const sealed = await sealJson(key, `${result} head`, { done, comment });
      await written(["heads", "edits"], (store) => {
        if (cut) store("edits").delete(this.from(key, cut.from));
        for (const one of edits) store("edits").put(one);
        store("heads").put({ user, result, sent, sealed } satisfies Head);
      });
      for (const [n, edit] of due) if (this.waiting.get(n) === edit) this.waiting.delete(n);
      if (this.cut === cut) this.cut = null;
    });
  }

  private due(): [number, Edit][] {
    const done = this.head?.done ?? 0;
    return [...this.waiting].filter(([n]) => n < done);
  }

  private inLine(work: () => Promise<void>): Promise<void> {
    const next = this.line.then(work);
    this.line = next.catch(() => undefined);
    return next;
  }

  /** The key of who opened the page: what they made is theirs, also where their session ends meanwhile. */
  private mine(): Vault {
    return (this.key ??= vault());
  }

  private from(key: Vault, n: number): IDBKeyRange {
    return IDBKeyRange.bound([key.user, this.result, n], [key.user, this.result, Infinity]);
  }
}

/** Places, values before and after, and how wide a value is. */
function packed({ at, before, after }: Edit): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(at.byteLength + before.byteLength + after.byteLength + 1);
  let put = 0;
  for (const one of [at, before, after]) {
    bytes.set(new Uint8Array(one.buffer, one.byteOffset, one.byteLength), put);
    put += one.byteLength;
  }
  bytes[put] = before.BYTES_PER_ELEMENT;
  return bytes;
}

function unpacked(bytes: Uint8Array<ArrayBuffer>): Edit {
  const width = bytes.at(-1)!;
  const n = (bytes.length - 1) / (4 + 2 * width);
  const labels = (start: number): Labels => {
    const part = bytes.slice(start, start + width * n);
    return width === 1 ? part : new Uint16Array(part.buffer);
  };
  return { at: new Uint32Array(bytes.slice(0, 4 * n).buffer), before: labels(4 * n), after: labels((4 + width) * n) };
}
