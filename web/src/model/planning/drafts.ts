// Paths that a person moved and wants to keep: in this browser, by user and drawing; a file carries them elsewhere.
import type { Path } from "./forms";

export interface Draft {
  readonly id: string;
  readonly target: string;
  readonly path: Path;
  /** ISO 8601, UTC. */
  readonly kept: string;
}

const MOST = 40;

export class Drafts {
  private readonly key: string;

  constructor(
    user: string,
    readonly drawing: string,
  ) {
    this.key = `limner.plan.drafts.${user}.${drawing}`;
  }

  all(): readonly Draft[] {
    try {
      const told: unknown = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      return Array.isArray(told) ? (told as Draft[]) : [];
    } catch {
      return []; // storage that is full of something else, or forbidden
    }
  }

  keep(target: string, path: Path): readonly Draft[] {
    const id = `draft-${Date.now().toString(36)}`;
    return this.write([...this.all(), { id, target, path: { ...path, id }, kept: new Date().toISOString() }].slice(-MOST));
  }

  drop(id: string): readonly Draft[] {
    return this.write(this.all().filter((one) => one.id !== id));
  }

  /** As a file: lengths in mm, points in LPS, and what it is not for. */
  export(): string {
    const told = { schema: "limner.path-drafts/1", drawing: this.drawing, note: "Not for clinical use.", drafts: this.all() };
    return `${JSON.stringify(told, null, 1)}\n`;
  }

  private write(drafts: readonly Draft[]): readonly Draft[] {
    try {
      localStorage.setItem(this.key, JSON.stringify(drafts));
    } catch {
      // a browser that keeps nothing: the list lives as long as the page
    }
    return drafts;
  }
}
