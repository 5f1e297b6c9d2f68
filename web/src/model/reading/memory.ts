// What a reader measured, kept in this browser by user and study; nobody else's, and not lost on reload.
import type { Measure } from "./measure";

const key = (user: string, study: string): string => `limner.${user}.measures.${study}`;

export function recall(user: string, study: string): readonly Measure[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key(user, study)) ?? "[]");
    return Array.isArray(kept) ? (kept as Measure[]).filter((one) => Array.isArray(one.points)) : [];
  } catch {
    return [];
  }
}

export function keep(user: string, study: string, measures: readonly Measure[]): void {
  try {
    if (measures.length) localStorage.setItem(key(user, study), JSON.stringify(measures));
    else localStorage.removeItem(key(user, study));
  } catch {
    // a browser that keeps nothing (private mode): measurements live as long as the page
  }
}
