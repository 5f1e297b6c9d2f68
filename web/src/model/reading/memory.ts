// What a reader measured and the server has not taken yet, kept in this browser by user and study: not lost on reload.
import type { Measure } from "./measure";

/** A measurement on its way: of which version it is a change (0: of none), and whether it was removed. */
export interface MeasureDraft extends Measure {
  readonly version?: number;
  readonly removed?: boolean;
}

const key = (user: string, study: string): string => `limner.${user}.measures.${study}`;

export function recall(user: string, study: string): readonly MeasureDraft[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key(user, study)) ?? "[]");
    return Array.isArray(kept) ? (kept as MeasureDraft[]).filter((one) => Array.isArray(one.points)) : [];
  } catch {
    return [];
  }
}

export function keep(user: string, study: string, measures: readonly MeasureDraft[]): void {
  try {
    if (measures.length) localStorage.setItem(key(user, study), JSON.stringify(measures));
    else localStorage.removeItem(key(user, study));
  } catch {
    // a browser that keeps nothing (private mode): measurements live as long as the page
  }
}
