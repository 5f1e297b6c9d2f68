// What a person corrects and how: the label in hand, the brush, what is locked, what a click proposes.
import { type Signal, computed, signal } from "@preact/signals";
import type { Vec3 } from "../reading/grid";
import type { Found } from "./outgoing";

export type PaintTool = "brush" | "erase" | "fill" | "click" | "move";
export const PAINT_TOOLS: readonly PaintTool[] = ["brush", "erase", "fill", "click", "move"];
export const RADII_MM = [0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 14, 20, 28] as const;

/** As GET /api/results/{id}/labels tells it. */
export interface PaintLabel {
  readonly value: number;
  readonly name: string;
  readonly kind: string;
  readonly color: readonly [number, number, number];
  /** The organ that it lies in: what an eraser leaves. */
  readonly within: number | null;
}

export interface PaintLabels {
  readonly items: readonly PaintLabel[];
  /** Labels that the pack's net can be asked for. */
  readonly clicks: readonly number[];
}

export interface ClickPoint {
  /** Voxel (x, y, z). */
  readonly ijk: Vec3;
  readonly inside: boolean;
}

export type Method = "graph-cut" | "pack";

/** Where the edits are: in this browser's database, on their way to it, or nowhere but on this page. */
export type Kept = "none" | "writing" | "kept" | "failed";

export class Correcting {
  readonly labels: Signal<readonly PaintLabel[]> = signal([]);
  readonly asked: Signal<readonly number[]> = signal([]);
  /** The label in hand. */
  readonly active = signal(0);
  readonly locked: Signal<ReadonlySet<number>> = signal(new Set());
  readonly tool: Signal<PaintTool> = signal("brush");
  readonly radius_mm = signal(4);
  /** A ball instead of a disc. */
  readonly deep = signal(false);
  /** The brush paints only values between these, where it is on. */
  readonly range: Signal<{ readonly on: boolean; readonly low: number; readonly high: number }> = signal({ on: false, low: 0, high: 200 });
  readonly points: Signal<readonly ClickPoint[]> = signal([]);
  readonly method: Signal<Method> = signal("graph-cut");
  readonly found: Signal<Found | null> = signal(null);
  /** What accepting takes away, because a point outside says so. */
  readonly taken: Signal<Found | null> = signal(null);
  /** A plain click means a point outside: for a finger, which has no second button. */
  readonly outside = signal(false);
  readonly asking = signal(false);
  readonly difference = signal(false);
  /** How firm the outlines of the version before are, 0 to 1. */
  readonly compare = signal(0);
  readonly undos = signal(0);
  readonly redos = signal(0);
  readonly edits = signal(0);
  readonly kept: Signal<Kept> = signal("none");
  /** Edits that this browser has no room for, where it failed. */
  readonly unkept = signal(0);
  readonly comment = signal("");

  readonly label = computed(() => this.labels.value.find((one) => one.value === this.active.value) ?? null);
  /** What the eraser leaves. */
  readonly under = computed(() => this.label.value?.within ?? 0);

  larger(step: 1 | -1): void {
    const now = RADII_MM.findIndex((one) => one >= this.radius_mm.value);
    const next = Math.min(RADII_MM.length - 1, Math.max(0, (now < 0 ? RADII_MM.length - 1 : now) + step));
    this.radius_mm.value = RADII_MM[next]!;
  }

  toggleLock(value: number): void {
    const next = new Set(this.locked.value);
    if (!next.delete(value)) next.add(value);
    this.locked.value = next;
  }
}
