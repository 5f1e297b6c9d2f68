// Where drafts lie in this browser: one database, in which all but ids of users, results and studies is sealed.
import { type Sealed, type Vault, vault } from "./vault";

const NAME = "limner.sealed";
const VERSION = 1;

/** Of which kind a small draft is: paths of a drawing, the text of a signature, measurements of a study. */
export type Kind = "paths" | "signature" | "measures";

interface Lying {
  readonly user: string;
  readonly kind: Kind;
  readonly id: string;
  readonly sealed: Sealed;
}

let base: Promise<IDBDatabase> | null = null;

export function database(): Promise<IDBDatabase> {
  base ??= new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("heads", { keyPath: ["user", "result"] });
      asked.result.createObjectStore("edits", { keyPath: ["user", "result", "n"] });
      asked.result.createObjectStore("small", { keyPath: ["user", "kind", "id"] });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  }).catch((error: unknown) => {
    base = null; // the next one asks again
    throw error;
  });
  return base;
}

/** Reads and writes at once: all of it is on the disk when this resolves, or nothing. */
export async function written(stores: readonly string[], work: (store: (name: string) => IDBObjectStore) => void): Promise<void> {
  const transaction = (await database()).transaction(stores, "readwrite", { durability: "strict" });
  const end = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
  try {
    work((name) => transaction.objectStore(name));
  } catch (error) {
    transaction.abort();
    end.catch(() => undefined);
    throw error;
  }
  return end;
}

export function got<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Takes the edits of a drawing away. */
export function dropEdits(store: (name: string) => IDBObjectStore, user: string, result: string): void {
  store("edits").delete(IDBKeyRange.bound([user, result, -Infinity], [user, result, Infinity]));
  store("heads").delete([user, result]);
}

export const sealJson = (key: Vault, place: string, value: unknown): Promise<Sealed> =>
  key.seal(place, new TextEncoder().encode(JSON.stringify(value)));

export const openJson = async (key: Vault, place: string, sealed: Sealed): Promise<unknown> =>
  JSON.parse(new TextDecoder().decode(await key.open(place, sealed))) as unknown;

let line: Promise<unknown> = Promise.resolve();

/** One after another, so that what was kept last stands. */
function inLine<T>(work: () => Promise<T>): Promise<T> {
  const next = line.then(work);
  line = next.catch(() => undefined);
  return next;
}

/** Keeps a small draft of who is logged in; null takes it away.
 *
 * @throws where the browser does not keep it: without room, forbidden, or without TLS.
 */
export async function keepDraft(kind: Kind, id: string, value: unknown): Promise<void> {
  const key = vault();
  return inLine(async () => {
    if (value === null) return written(["small"], (store) => store("small").delete([key.user, kind, id]));
    const sealed = await sealJson(key, `${kind} ${id}`, value);
    return written(["small"], (store) => store("small").put({ user: key.user, kind, id, sealed } satisfies Lying));
  });
}

/** What was kept; null where nothing was. */
export async function recallDraft(kind: Kind, id: string): Promise<unknown> {
  const key = vault();
  return inLine(async () => {
    const store = (await database()).transaction("small").objectStore("small");
    const lying = await got<Lying | undefined>(store.get([key.user, kind, id]));
    return lying ? openJson(key, `${kind} ${id}`, lying.sealed) : null;
  });
}
