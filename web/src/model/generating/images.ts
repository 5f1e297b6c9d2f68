// Pictures of nobody from the server, each asked for once: the same wish is the same bytes.
import { api } from "../../api/client";
import { body, keyOf, type Wish } from "./wish";

/** So many pictures are kept, the one not asked for longest goes first. */
const KEPT = 160;

export interface Kept {
  readonly png: Blob;
  readonly address: string;
}

const kept = new Map<string, Kept>();
const coming = new Map<string, Promise<Kept>>();

/** The picture that is here already; null where it must be asked for. */
export function known(wish: Wish, show: "picture" | "labels" = "picture"): Kept | null {
  const key = keyOf(wish, show);
  const found = kept.get(key);
  if (!found) return null;
  kept.delete(key);
  kept.set(key, found);
  return found;
}

/** The picture of a wish; its bytes are the server's own, with all marks. */
export function image(wish: Wish, show: "picture" | "labels" = "picture"): Promise<Kept> {
  const here = known(wish, show);
  if (here) return Promise.resolve(here);
  const key = keyOf(wish, show);
  const waiting = coming.get(key);
  if (waiting) return waiting;
  const asked = fetched(wish, show).finally(() => coming.delete(key));
  coming.set(key, asked);
  return asked;
}

async function fetched(wish: Wish, show: "picture" | "labels"): Promise<Kept> {
  const address = `/api/generators/${encodeURIComponent(wish.pack)}/image`;
  const png = new Blob([(await api.bytesOf(address, body(wish, show))).data], { type: "image/png" });
  const found = { png, address: URL.createObjectURL(png) };
  kept.set(keyOf(wish, show), found);
  for (const [key, old] of kept) {
    if (kept.size <= KEPT) break;
    kept.delete(key);
    URL.revokeObjectURL(old.address);
  }
  return found;
}

const line: (() => Promise<void>)[] = [];
let walking = false;

/** As `image`, one after another, so that what a hand moves never waits behind a sheet of small ones.
 *
 * Null where `wanted` says no when its turn comes. */
export function patiently(wish: Wish, wanted: () => boolean): Promise<Kept | null> {
  return new Promise((resolve, reject) => {
    line.push(async () => {
      if (wanted()) await image(wish).then(resolve, reject);
      else resolve(null);
    });
    if (!walking) void walk();
  });
}

async function walk(): Promise<void> {
  walking = true;
  for (let next = line.shift(); next; next = line.shift()) await next();
  walking = false;
}
