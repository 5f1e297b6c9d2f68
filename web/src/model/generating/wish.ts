// Which picture of nobody is asked for; the same wish is the same picture, so wishes are keys and addresses, too.

export interface Direction {
  readonly id: string;
  readonly name: string;
  readonly principal: boolean;
  readonly correlation: number | null;
  readonly share: number | null;
}

export interface GeneratorItem {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly size: readonly [number, number];
  readonly channels: number;
  readonly modalities: readonly string[];
  readonly condition: "none" | "label" | "mask" | "place";
  readonly classes: readonly string[];
  readonly attributes: readonly string[];
  readonly has_labels: boolean;
  readonly licence: string;
  readonly non_commercial: boolean;
  readonly zh: Readonly<Record<string, string>>;
}

export interface Generator extends GeneratorItem {
  readonly directions: readonly Direction[];
}

export interface Way {
  readonly a: number;
  readonly b: number;
  readonly t: number;
}

export interface Wish {
  readonly pack: string;
  readonly seed: number;
  /** Null where the seed's own picture is asked for, not one on the way. */
  readonly way: Way | null;
  readonly kind: string | null;
  readonly truncation: number;
  readonly moves: Readonly<Record<string, number>>;
  readonly values: Readonly<Record<string, number>>;
}

export const LARGEST_SEED = 2 ** 31 - 1;
export const REACH = 4;

/** What POST /api/generators/{pack}/image takes. */
export function body(wish: Wish, show: "picture" | "labels" = "picture"): Record<string, unknown> {
  return {
    seed: wish.seed,
    ...(wish.way ? { between: wish.way } : {}),
    ...(wish.kind ? { class: wish.kind } : {}),
    truncation: wish.truncation,
    moves: Object.fromEntries(Object.entries(wish.moves).filter(([, steps]) => steps !== 0)),
    values: wish.values,
    show,
  };
}

export function keyOf(wish: Wish, show = "picture"): string {
  return `${wish.pack} ${show} ${JSON.stringify(body(wish))}`;
}

function numbers(query: URLSearchParams, prefix: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, text] of query) {
    if (name.startsWith(prefix) && Number.isFinite(Number(text))) found[name.slice(prefix.length)] = Number(text);
  }
  return found;
}

function seedOf(text: string | null, otherwise: number): number {
  const seed = Number(text);
  return text !== null && Number.isInteger(seed) && seed >= 0 && seed <= LARGEST_SEED ? seed : otherwise;
}

function shareOf(text: string | null, otherwise: number, most: number): number {
  const share = Number(text);
  return text !== null && Number.isFinite(share) && share >= 0 && share <= most ? share : otherwise;
}

/** A wish from the page's address; what does not fit is as at first. */
export function fromQuery(query: URLSearchParams, pack: string): Wish {
  const moves = Object.entries(numbers(query, "move.")).filter(([, steps]) => Math.abs(steps) <= REACH);
  const values = Object.entries(numbers(query, "set.")).filter(([, value]) => value >= 0 && value <= 1);
  const way = query.has("a") && query.has("b");
  return {
    pack: query.get("pack") ?? pack,
    seed: seedOf(query.get("seed"), 1),
    way: way ? { a: seedOf(query.get("a"), 1), b: seedOf(query.get("b"), 2), t: shareOf(query.get("t"), 0, 1) } : null,
    kind: query.get("class"),
    truncation: shareOf(query.get("truncation"), 1, 1.5),
    moves: Object.fromEntries(moves),
    values: Object.fromEntries(values),
  };
}

/** The page's address of a wish. */
export function toQuery(wish: Wish): URLSearchParams {
  const query = new URLSearchParams({ pack: wish.pack, seed: String(wish.seed) });
  if (wish.kind) query.set("class", wish.kind);
  if (wish.truncation !== 1) query.set("truncation", String(wish.truncation));
  for (const [name, steps] of Object.entries(wish.moves)) if (steps !== 0) query.set(`move.${name}`, String(steps));
  for (const [name, value] of Object.entries(wish.values)) query.set(`set.${name}`, String(value));
  if (wish.way) {
    query.set("a", String(wish.way.a));
    query.set("b", String(wish.way.b));
    query.set("t", String(wish.way.t));
  }
  return query;
}
