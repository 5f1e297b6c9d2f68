// Edits that are not saved yet, kept in this browser's database as they are made: a reload, a crash or a killed browser
// loses nothing, not even what could be undone. Kept by user and drawing.
import type { Edit } from "./edits";

const NAME = "limner.drafts";
const VERSION = 1;

export interface Draft {
  /** Edits that stand; those after them were undone. */
  readonly done: number;
  readonly edits: readonly Edit[];
  readonly comment: string;
}

interface Kept {
  readonly user: string;
  readonly result: string;
  readonly done: number;
  readonly comment: string;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("drafts", { keyPath: ["user", "result"] });
      asked.result.createObjectStore("edits", { keyPath: ["user", "result", "n"] });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

function ended(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

function got<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class Drafts {
  private line: Promise<unknown> = Promise.resolve();
  private base: Promise<IDBDatabase> | null = null;

  constructor(
    private readonly user: string,
    private readonly result: string,
  ) {}

  async read(): Promise<Draft | null> {
    const transaction = (await this.database()).transaction(["drafts", "edits"]);
    const kept = await got<Kept | undefined>(transaction.objectStore("drafts").get([this.user, this.result]));
    if (!kept) return null;
    const edits = await got<Edit[]>(transaction.objectStore("edits").getAll(this.all()));
    return { done: kept.done, edits, comment: kept.comment };
  }

  /** Edit number `n` was made; what stood behind it is gone. */
  add(n: number, edit: Edit, comment: string): Promise<void> {
    return this.write((drafts, edits) => {
      edits.delete(IDBKeyRange.bound([this.user, this.result, n], [this.user, this.result, Infinity]));
      edits.put({ user: this.user, result: this.result, n, ...edit });
      this.put(drafts, n + 1, comment);
    });
  }

  /** So many edits stand now. */
  move(done: number, comment: string): Promise<void> {
    return this.write((drafts) => this.put(drafts, done, comment));
  }

  clear(): Promise<void> {
    return this.write((drafts, edits) => {
      edits.delete(this.all());
      drafts.delete([this.user, this.result]);
    });
  }

  /** When all that was written until now is on the disk. */
  settled(): Promise<unknown> {
    return this.line;
  }

  private put(drafts: IDBObjectStore, done: number, comment: string): void {
    drafts.put({ user: this.user, result: this.result, done, comment } satisfies Kept);
  }

  private all(): IDBKeyRange {
    return IDBKeyRange.bound([this.user, this.result, -Infinity], [this.user, this.result, Infinity]);
  }

  /** One after another, in the order in which they were made. */
  private write(work: (drafts: IDBObjectStore, edits: IDBObjectStore) => void): Promise<void> {
    const next = this.line.then(async () => {
      const base = await this.database();
      const transaction = base.transaction(["drafts", "edits"], "readwrite", { durability: "strict" });
      work(transaction.objectStore("drafts"), transaction.objectStore("edits"));
      await ended(transaction);
    });
    this.line = next.catch(() => undefined);
    return next;
  }

  private database(): Promise<IDBDatabase> {
    this.base ??= open();
    return this.base;
  }
}
