// What a reader measured and the server has not taken yet, sealed in this browser by user and study: not lost on reload.
import { keepDraft, recallDraft } from "../drafts/shelf";
import type { Measure } from "./measure";

/** A measurement on its way: of which version it is a change (0: of none), and whether it was removed. */
export interface MeasureDraft extends Measure {
  readonly version?: number;
  readonly removed?: boolean;
}

export async function recall(study: string): Promise<readonly MeasureDraft[]> {
  try {
    const kept = await recallDraft("measures", study);
    return Array.isArray(kept) ? (kept as MeasureDraft[]).filter((one) => Array.isArray(one.points)) : [];
  } catch {
    return []; // a browser that keeps nothing; what the server has comes from there
  }
}

/** Where the browser keeps nothing, they live until the server has taken them, as the page tells. */
export async function keep(study: string, measures: readonly MeasureDraft[]): Promise<void> {
  await keepDraft("measures", study, measures.length ? measures : null).catch(() => undefined);
}
