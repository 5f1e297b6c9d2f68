// What dragging does on the bench: the entry over the skin, the tip in the plane of the picture, the cut by its frame.
import type { Raycaster } from "three";
import { type Cut, frameOf, movable, shifted, tilted } from "../../model/planning/cuts";
import { fromScene, toScene } from "../../model/planning/vectors";
import type { Handle } from "../../render/planning/cutting";
import type { PlanScene } from "../../render/planning/scene";
import type { Bench } from "./bench";
import { type Grip, type Grips, alongAxis, beside, outOfPlane } from "./grab";

const CUT = "cut:";
const STEEPEST_DEG = 80;

export class Hands implements Grips {
  /** The cut as it was taken hold of: what is dragged is always this one, so that nothing adds up. */
  private start: { readonly cut: Cut; readonly at: number } | null = null;

  constructor(
    private readonly bench: Bench,
    private readonly scene: PlanScene,
    /** Id of the needle with handles in the scene. */
    private readonly needle: string,
    readonly hover: (ray: Raycaster | null) => void,
  ) {}

  readonly all = (): readonly Grip[] => {
    if (this.bench.mode.value === "resection") {
      const { handles, group } = this.scene.cutting;
      if (!group.visible) return [];
      return Object.entries(handles).flatMap(([name, one]) => (one.visible ? [{ name: CUT + name, at: one.position }] : []));
    }
    const needle = this.scene.needle(this.needle);
    if (!needle) return [];
    return [
      { name: "entry", at: needle.entry.position },
      { name: "tip", at: needle.tip.position },
    ];
  };

  readonly drag = (name: string, ray: Raycaster): void => {
    if (name.startsWith(CUT)) return this.dragCut(name.slice(CUT.length) as Handle, ray);
    this.bench.held.value = name as "entry" | "tip";
    const needle = this.scene.needle(this.needle);
    if (!needle) return;
    if (name === "entry") {
      const hit = this.scene.skinAt(ray);
      if (hit) this.bench.place({ entry_mm: [hit.point.x, -hit.point.z, hit.point.y] });
    } else {
      const hit = beside(ray, needle.tip.position);
      if (hit) this.bench.place({ target_mm: fromScene(hit) });
    }
  };

  readonly drop = (name: string): void => {
    const held = this.bench.cut.value;
    this.start = null;
    if (name.startsWith(CUT) && held) this.bench.askCut(true);
  };

  private dragCut(handle: Handle, ray: Raycaster): void {
    const [held, told] = [this.bench.cut.value, this.bench.state.value?.resection];
    if (!held || !told) return;
    const part = movable(held.cut)[this.bench.cutPart.value] ?? -1;
    const from = this.start?.cut ?? held.cut;
    const frame = frameOf(from, part, told.target_mm);
    if (!frame) return;
    const [middle, normal] = [toScene(frame.middle), toScene(frame.normal)];
    const now =
      handle === "move"
        ? alongAxis(ray, middle, normal)
        : outOfPlane(ray, middle, toScene(handle === "across" ? frame.along : frame.across), normal);
    if (now === null) return;
    this.start ??= { cut: from, at: now };
    const by = now - this.start.at;
    if (handle === "move") return this.bench.moveCut(shifted(from, part, by, told.target_mm), false);
    if (Math.abs(by) > STEEPEST_DEG) return;
    // along turns towards the normal around across, but across does so around minus along
    const degrees = handle === "across" ? by : -by;
    this.bench.moveCut(tilted(from, part, handle, degrees, told.target_mm), false);
  }
}
