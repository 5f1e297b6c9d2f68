// The lesion as it may grow: of each frame three surfaces, from where nearly all futures show tumour to where few do.
import type { BufferGeometry, Mesh, MeshStandardMaterial } from "three";
import { openingState, Store } from "../../model/state";
import type { Structure } from "../../model/structure";
import { structuresOf } from "../planning/glb";
import { Stage } from "../stage";
import { loadSurfaces, type Surface } from "../surfaces";

const NAME = /^day-(\d+) share-(\d+)$/;
/** Per cent of the futures, and how dense the surface is drawn. */
export const SHARES: readonly (readonly [number, number])[] = [
  [90, 1],
  [50, 0.5],
  [10, 0.2],
];
const FAINT = 0.16;

interface Frame {
  readonly day: number;
  readonly surfaces: readonly { readonly share: number; readonly surface: Surface }[];
}

export class Growing {
  readonly store: Store;
  private shownDay = -1;

  private constructor(
    readonly stage: Stage,
    readonly frames: readonly Frame[],
    around: readonly Structure[],
  ) {
    this.store = new Store(openingState([...around, ...frames.flatMap((one) => one.surfaces.map((row) => row.surface.structure))]));
    this.store.follow((state) => this.stage.follow(state));
    for (const one of around) this.store.fade(one.id, one.kind === "vessel" ? 0.5 : FAINT);
    this.show(frames[0]?.day ?? 0);
  }

  /** `scene`: the drawing around it, without its lesion; null where it has none. */
  static async open(canvas: HTMLCanvasElement, growth: ArrayBuffer, scene: ArrayBuffer | null, target: string): Promise<Growing> {
    const coming = structuresOf(growth).flatMap((one) => (NAME.test(one.id) ? [{ ...one, opacity: opacityOf(one.id) }] : []));
    const [root, surfaces] = await loadSurfaces(growth, coming);
    const around = scene ? structuresOf(scene).filter((one) => isAround(one, target)) : [];
    const all = [...surfaces];
    if (scene) {
      const [there, own] = await loadSurfaces(scene, around);
      for (const child of [...there.children]) root.add(child);
      all.push(...own);
      root.updateMatrixWorld(true);
    }
    all.forEach((one, rank) => (one.rank = rank)); // the lesion is drawn before what encloses it
    return new Growing(new Stage(canvas, root, all), framesOf(surfaces), around);
  }

  /** Shows the frame nearest to a day. */
  show(day: number): void {
    const nearest = this.frames.reduce((best, one) => (Math.abs(one.day - day) < Math.abs(best.day - day) ? one : best), this.frames[0] ?? { day: 0, surfaces: [] });
    if (nearest.day === this.shownDay) return;
    this.shownDay = nearest.day;
    const visible = { ...this.store.state.visible };
    for (const frame of this.frames) for (const row of frame.surfaces) visible[row.surface.structure.id] = frame === nearest;
    this.store.change({ visible });
  }

  /** The day of the frame that is shown. */
  get day(): number {
    return this.shownDay;
  }

  /** The surfaces of the last frame: what must fit into the picture. */
  get last(): readonly Surface[] {
    return this.frames.at(-1)?.surfaces.map((one) => one.surface) ?? [];
  }

  dispose(): void {
    for (const { mesh } of this.stage.surfaces) free(mesh);
    this.stage.renderer.dispose();
  }
}

function isAround(one: Structure, target: string): boolean {
  return one.id !== target && one.title !== "body" && !one.title.endsWith(" body") && one.kind !== "tissue";
}

function opacityOf(id: string): number {
  const share = Number(NAME.exec(id)?.[2] ?? 0);
  return SHARES.find(([one]) => one === share)?.[1] ?? 1;
}

function framesOf(surfaces: readonly Surface[]): readonly Frame[] {
  const days = new Map<number, { share: number; surface: Surface }[]>();
  for (const surface of surfaces) {
    const found = NAME.exec(surface.structure.id);
    if (!found) continue;
    const day = Number(found[1]);
    days.set(day, [...(days.get(day) ?? []), { share: Number(found[2]), surface }]);
  }
  return [...days].sort(([a], [b]) => a - b).map(([day, rows]) => ({ day, surfaces: rows }));
}

function free(mesh: Mesh<BufferGeometry, MeshStandardMaterial>): void {
  mesh.geometry.dispose();
  mesh.material.dispose();
}
