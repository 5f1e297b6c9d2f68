// Cine: the slices run by themselves, and begin again at the other end. A slice that has not come is waited for.
import { type Signal, signal } from "@preact/signals";
import { AXES, type Plane, withAxis } from "../../model/reading/grid";
import type { Reading } from "../../model/reading/reading";

/** Slices a second. */
export const SPEEDS: readonly number[] = [2, 5, 10, 15, 20, 30];

export class Cine {
  readonly plays: Signal<boolean> = signal(false);
  readonly speed: Signal<number> = signal(10);
  private frame = 0;
  private due = 0;

  constructor(private readonly reading: Reading) {}

  toggle(): void {
    if (this.plays.value) return this.stop();
    this.plays.value = true;
    this.due = performance.now();
    this.frame = requestAnimationFrame((at) => this.tick(at));
  }

  stop(): void {
    this.plays.value = false;
    cancelAnimationFrame(this.frame);
  }

  /** One step faster or slower. */
  faster(steps: number): void {
    const now = SPEEDS.indexOf(this.speed.value);
    this.speed.value = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, now + steps))]!;
  }

  private tick(at: number): void {
    if (!this.plays.peek()) return;
    if (at >= this.due && this.step()) {
      const gap = 1000 / this.speed.peek();
      this.due = Math.max(this.due + gap, at - gap); // a slow machine shows each slice, later
    }
    this.frame = requestAnimationFrame((next) => this.tick(next));
  }

  /** To the next slice, if it is here: towards the feet, the back or the left, as stacks are read. */
  private step(): boolean {
    const { view, layout, plane } = this.reading;
    const volume = view.volume.peek();
    if (!volume) return false;
    const on: Plane = layout.peek() === "one" ? plane.peek() : "axial";
    const { w } = AXES[on];
    const count = volume.grid.size[w];
    const to = (volume.grid.sliceAt(view.cross.peek(), on) + (on === "axial" ? count - 1 : 1)) % count;
    if (on === "axial" && !volume.has[to]) return false;
    view.cross.value = withAxis(view.cross.peek(), w, to * volume.grid.spacing[w]);
    return true;
  }
}
