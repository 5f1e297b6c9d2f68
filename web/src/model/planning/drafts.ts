// Paths that a person moved and wants to keep: sealed in this browser, by user and drawing; a file carries them elsewhere.
import { keepDraft, recallDraft } from "../drafts/shelf";
import type { Path } from "./forms";

export interface Draft {
  readonly id: string;
  readonly target: string;
  readonly path: Path;
  /** ISO 8601, UTC. */
  readonly kept: string;
}

/** Of one drawing: a longer list is no longer looked through. */
export const MOST = 40;

export async function recallPaths(drawing: string): Promise<readonly Draft[]> {
  const told = await recallDraft("paths", drawing);
  return Array.isArray(told) ? (told as Draft[]) : [];
}

export function keepPaths(drawing: string, drafts: readonly Draft[]): Promise<void> {
  return keepDraft("paths", drawing, drafts.length ? drafts : null);
}

export function draftOf(target: string, path: Path, others: readonly Draft[]): Draft {
  const born = Date.now().toString(36);
  const same = others.filter((one) => one.id.startsWith(`draft-${born}`)).length;
  const id = `draft-${born}${same ? `-${same}` : ""}`;
  return { id, target, path: { ...path, id }, kept: new Date().toISOString() };
}

/** As a file: lengths in mm, points in LPS, and what it is not for. */
export function pathsFile(drawing: string, drafts: readonly Draft[]): string {
  return `${JSON.stringify({ schema: "limner.path-drafts/1", drawing, note: "Not for clinical use.", drafts }, null, 1)}\n`;
}
