// The scene of a plan: the drawing's surfaces, the skin with its map, needles, and a cut through the liver.
import { type Raycaster, Vector3 } from "three";
import { toScene, type Vec } from "../../model/planning/vectors";
import { openingState, Store } from "../../model/state";
import { Stage } from "../stage";
import { loadSurfaces } from "../surfaces";
import { Cutting } from "./cutting";
import { structuresOf } from "./glb";
import { Halves } from "./halves";
import { Needle, type Standing } from "./needle";
import { Skin, type SkinHit } from "./skin";

/** What the skin of the planner stands for; the drawing's own coarser surface of it is not shown beside. */
const BODY = "body";
const LIVER = "liver";
const DENSE = 0.72;

export interface NeedleLook {
  readonly id: string;
  readonly entry_mm: Vec;
  readonly target_mm: Vec;
  readonly standing: Standing;
}

export class PlanScene {
  readonly cutting = new Cutting();
  readonly store: Store;
  private readonly needles = new Map<string, Needle>();
  private skin: Skin | null = null;
  private halves: Halves | null = null;
  /** How dense the liver was drawn before its sides were shown; null while they are not. */
  private before: number | null = null;
  private skinShown = { visible: true, map: false };

  private constructor(
    readonly stage: Stage,
    readonly structures: ReturnType<typeof structuresOf>,
  ) {
    this.store = new Store(openingState(structures));
    this.stage.add(this.cutting.group);
    this.store.follow((state) => {
      this.stage.follow(state);
      this.skin?.cut(this.stage.cutPlane);
      this.cutting.clip(this.stage.cutPlane);
    });
  }

  static async open(canvas: HTMLCanvasElement, glb: ArrayBuffer): Promise<PlanScene> {
    const structures = structuresOf(glb);
    const [root, surfaces] = await loadSurfaces(glb, structures);
    return new PlanScene(new Stage(canvas, root, surfaces), structures);
  }

  setSkin(skin: Skin): void {
    this.skin?.mesh.removeFromParent();
    this.skin?.dispose();
    this.skin = skin;
    this.stage.add(skin.mesh);
    for (const one of this.structures) {
      if (one.title === BODY || one.title.endsWith(" body")) this.store.show(one.id, false);
    }
    skin.cut(this.stage.cutPlane);
    this.showSkin(this.skinShown.visible, this.skinShown.map);
  }

  showSkin(visible: boolean, map: boolean): void {
    this.skinShown = { visible, map };
    this.skin?.show(visible, map);
    this.stage.draw();
  }

  /** Where a ray meets the skin; null beside it, or while there is none. */
  skinAt(ray: Raycaster): SkinHit | null {
    return this.skin?.at(ray) ?? null;
  }

  /** Brings the needles to a list; `held` is the one with handles. */
  showNeedles(looks: readonly NeedleLook[], held: string | null): void {
    const wanted = new Set(looks.map((one) => one.id));
    for (const [id, needle] of this.needles) {
      if (wanted.has(id)) continue;
      needle.group.removeFromParent();
      needle.dispose();
      this.needles.delete(id);
    }
    for (const look of looks) {
      let needle = this.needles.get(look.id);
      if (!needle) {
        needle = new Needle(look.id);
        this.needles.set(look.id, needle);
        this.stage.add(needle.group);
      }
      needle.place(look.entry_mm, look.target_mm);
      needle.paint(look.standing);
      needle.hold(look.id === held);
    }
    this.stage.draw();
  }

  needle(id: string): Needle | null {
    return this.needles.get(id) ?? null;
  }

  /** Colours the liver by a cut. False where the drawing has no such surface. */
  showSides(liver: string, sides: Int8Array, flow: Uint8Array): boolean {
    const surface = this.stage.surfaces.find((one) => one.structure.id === liver);
    if (!surface) return false;
    if (this.halves?.liver !== surface) this.halves = new Halves(surface);
    const shown = this.halves.show(sides, flow);
    this.stage.draw();
    return shown;
  }

  /** The liver is denser while its two sides matter, and as it was afterwards. */
  dense(on: boolean): void {
    const liver = this.structures.find((one) => one.title === LIVER && one.kind === "organ");
    if (!liver || on === (this.before !== null)) return;
    const now = this.store.state.opacity[liver.id] ?? liver.opacity;
    if (!on) this.store.fade(liver.id, this.before ?? now);
    this.before = on ? now : null;
    if (on) this.store.fade(liver.id, Math.max(now, DENSE));
  }

  hideSides(): void {
    this.halves?.hide();
    this.stage.draw();
  }

  get hasSkin(): boolean {
    return this.skin !== null;
  }

  get takenShare(): number {
    return this.halves?.takenShare ?? 0;
  }

  /** Where a point of the patient is on the canvas, CSS pixels from its upper left. */
  project(point: Vec | Vector3): { readonly x: number; readonly y: number } {
    const { camera, canvas } = this.stage;
    camera.updateMatrixWorld();
    const there = (point instanceof Vector3 ? point.clone() : toScene(point)).project(camera);
    return { x: ((there.x + 1) / 2) * canvas.clientWidth, y: ((1 - there.y) / 2) * canvas.clientHeight };
  }

  dispose(): void {
    for (const one of this.needles.values()) one.dispose();
    this.skin?.dispose();
    this.stage.renderer.dispose();
  }
}
