// The cutting plane: which way it lies and where.
import { Vector3 } from "three";
import { type Plane, lpsAcross, lpsRange } from "../model/space";
import type { Store } from "../model/state";
import { type Surface, boxOf } from "../render/surfaces";

export class Cutter {
  constructor(
    private readonly store: Store,
    private readonly surfaces: readonly Surface[],
  ) {}

  /** LPS coordinates between which the plane meets the scene, mm. */
  range(plane: Plane): [number, number] {
    const box = boxOf(this.surfaces);
    return lpsRange(box.min, box.max, plane);
  }

  /** Lays the plane through what the reader looks at: the selected structure, else the largest lesion, else the middle. */
  choose(plane: Plane | null): void {
    this.store.cut(plane ? { plane, position_mm: this.start(plane) } : { plane: null });
  }

  move(mm: number): void {
    const { plane, position_mm } = this.store.state.cut;
    if (!plane) return;
    const [low, high] = this.range(plane);
    this.store.cut({ position_mm: Math.min(high, Math.max(low, position_mm + mm)) });
  }

  private start(plane: Plane): number {
    const chosen = this.surfaces.find((one) => one.structure.id === this.store.state.selected);
    const lesions = this.surfaces.filter((one) => one.structure.kind === "lesion"); // smallest first
    const box = (chosen ?? lesions[lesions.length - 1])?.box ?? boxOf(this.surfaces);
    return lpsAcross(box.getCenter(new Vector3()), plane);
  }
}
