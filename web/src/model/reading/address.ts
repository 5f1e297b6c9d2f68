// What the address holds, so that a reload or a link opens the same picture: nothing of the patient.
import { LAYOUTS, type Layout } from "./reading";
import { PLANES, type Plane, clamp } from "./grid";
import { MOST_MM, type Slab } from "./slab";

export interface Place {
  readonly series: string | null;
  readonly slice: number | null;
  /** Column and row of the cross-hair. */
  readonly at: readonly [number, number] | null;
  /** A preset's name, or "center,width". */
  readonly window: string | null;
  readonly layout: Layout | null;
  readonly plane: Plane | null;
  readonly drawing: string | null;
  readonly slab: Slab | null;
  readonly prior: string | null;
  /** "canvas" or "niivue": forces an engine. */
  readonly engine: string | null;
}

export function readPlace(query: URLSearchParams): Place {
  const k = query.get("k");
  return {
    series: query.get("series"),
    slice: k !== null && /^\d+$/.test(k) ? Number(k) : null,
    at: pair(query.get("at")),
    window: query.get("window"),
    layout: LAYOUTS.find((one) => one === query.get("layout")) ?? null,
    plane: PLANES.find((one) => one === query.get("plane")) ?? null,
    drawing: query.get("drawing"),
    slab: slab(query.get("slab")),
    prior: query.get("prior"),
    engine: query.get("engine"),
  };
}

function slab(text: string | null): Slab | null {
  const found = /^(mip|minip|mean),(\d{1,2})$/.exec(text ?? "");
  return found ? { mode: found[1] as Slab["mode"], mm: clamp(Number(found[2]), 1, MOST_MM) } : null;
}

function pair(text: string | null): readonly [number, number] | null {
  const found = /^(\d{1,5}),(\d{1,5})$/.exec(text ?? "");
  return found ? [Number(found[1]), Number(found[2])] : null;
}
