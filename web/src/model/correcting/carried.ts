// Edits of a version that is no longer the newest, on their way to the one that is. They stay a draft of the former until
// they are one of the latter.
import type { Result } from "../../api/types";
import type { Labels } from "./edits";

export interface Carried {
  readonly to: string;
  /** Voxels, and what they became. */
  readonly at: readonly number[];
  readonly after: readonly number[];
  readonly comment: string;
  /** Takes the draft that they came from away. */
  readonly arrived: () => void;
}

let onTheWay: Carried | null = null;

export function carry(one: Carried): void {
  onTheWay = one;
}

/** What was carried to a version; once. */
export function takeCarried(to: string): Carried | null {
  const one = onTheWay?.to === to ? onTheWay : null;
  onTheWay = null;
  return one;
}

/** Where two maps differ, and what the first holds there. */
export function differing(labels: Labels, base: Labels): { at: number[]; after: number[] } {
  const at: number[] = [];
  for (let index = 0; index < labels.length; index++) if (labels[index] !== base[index]) at.push(index);
  return { at, after: at.map((index) => labels[index]!) };
}

/** The newest version that was made of a drawing; null where none was. */
export function newestOf(drawing: string, drawings: readonly Result[]): Result | null {
  const family = new Set([drawing]);
  let newest: Result | null = null;
  for (const one of [...drawings].sort((a, b) => a.version - b.version)) {
    if (!one.parent_id || !family.has(one.parent_id)) continue;
    family.add(one.id);
    newest = one;
  }
  return newest;
}
