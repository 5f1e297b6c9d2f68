// What a reader has open and has chosen. Panes, panels and tools read and change it here; nothing else is shared.
import { type Signal, batch, computed, signal } from "@preact/signals";
import { AXES, type Plane, type Vec3, clamp, withAxis } from "./grid";
import { type Measure, type MeasureKind } from "./measure";
import type { Volume, Window } from "./series";
import type { Slab } from "./slab";
import type { Camera } from "./viewport";

export type Layout = "one" | "mpr" | "mpr3d" | "compare";
export const LAYOUTS: readonly Layout[] = ["one", "mpr", "mpr3d", "compare"];
export type Tool = "cross" | "window" | "pan" | "zoom" | MeasureKind;
export const TOOLS: readonly Tool[] = ["cross", "window", "pan", "zoom", "length", "angle", "ellipse", "probe"];

export interface LabelState {
  readonly visible: boolean;
  /** 0 to 1. */
  readonly opacity: number;
}

/** A label map on the volume's grid. */
export interface LabelLayer {
  readonly data: Uint8Array | Uint16Array;
}

/** Shares or heat over the picture. */
export interface HeatLayer {
  readonly name: string;
  readonly kind: "share" | "heat";
  readonly data: Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array;
  readonly slope: number;
  readonly intercept: number;
}

/** One volume as it is looked at: the page has one, and a second where two dates are compared. */
export class View {
  readonly volume: Signal<Volume | null> = signal(null);
  /** Grows with every slice that arrives. */
  readonly arrived = signal(0);
  readonly cross: Signal<Vec3> = signal([0, 0, 0]);
  readonly camera: Signal<Camera> = signal({ center: [0, 0, 0], zoom: 1 });
  readonly window: Signal<Window> = signal({ name: "", center: 50, width: 400 });
  readonly invert = signal(false);
  /** Several slices as one; null where the slice stands for itself. */
  readonly slab: Signal<Slab | null> = signal(null);
  readonly labels: Signal<LabelLayer | null> = signal(null);
  /** Of each label value. */
  readonly labelStates: Signal<Readonly<Record<number, LabelState>>> = signal({});
  readonly labelColors: Signal<Readonly<Record<number, readonly [number, number, number]>>> = signal({});
  readonly heat: Signal<HeatLayer | null> = signal(null);
  readonly heatOpacity = signal(0.55);

  /** The axial slice that is looked at. */
  readonly slice = computed(() => this.volume.value?.grid.sliceAt(this.cross.value, "axial") ?? 0);

  /** Shows a volume, its middle first, or where the address says. */
  open(volume: Volume, slice: number | null, window: Window): void {
    const { middle, spacing, size } = volume.grid;
    const k = clamp(slice ?? Math.floor(size[2] / 2), 0, size[2] - 1);
    batch(() => {
      this.cross.value = withAxis(middle, 2, k * spacing[2]);
      this.camera.value = { center: middle, zoom: 1 };
      this.window.value = window;
      this.volume.value = volume;
    });
  }

  /** Moves the slices by whole steps. */
  scroll(plane: Plane, steps: number): void {
    const grid = this.volume.value?.grid;
    if (!grid) return;
    const { w } = AXES[plane];
    const to = clamp(grid.sliceAt(this.cross.value, plane) + steps, 0, grid.size[w] - 1);
    this.cross.value = withAxis(this.cross.value, w, to * grid.spacing[w]);
  }

  /** Moves the cross-hair to a point, grid mm, within the volume; slices fall on whole ones. */
  goTo(point: Vec3): void {
    const grid = this.volume.value?.grid;
    if (grid) this.cross.value = grid.clamped(point);
  }

  /** Moves it to a point of the world, and the picture too where the point would be out of sight. */
  goToWorld(world: Vec3): void {
    const grid = this.volume.value?.grid;
    if (!grid) return;
    const point = grid.clamped(grid.grid(world));
    batch(() => {
      this.cross.value = point;
      if (this.camera.value.zoom > 1) this.camera.value = { ...this.camera.value, center: point };
    });
  }

  zoomBy(factor: number, around: Vec3): void {
    const { center, zoom } = this.camera.value;
    const to = clamp(zoom * factor, 0.5, 24);
    const kept = zoom / to;
    const move = (axis: 0 | 1 | 2) => around[axis] + (center[axis] - around[axis]) * kept;
    this.camera.value = { zoom: to, center: [move(0), move(1), move(2)] };
  }

  fit(): void {
    const grid = this.volume.value?.grid;
    if (grid) this.camera.value = { center: grid.middle, zoom: 1 };
  }

  /** As it opened: fitted, in the middle, not inverted, slice by slice, in this window. */
  reset(window: Window): void {
    const grid = this.volume.value?.grid;
    if (!grid) return;
    batch(() => {
      this.fit();
      this.cross.value = withAxis(grid.middle, 2, Math.floor(grid.size[2] / 2) * grid.spacing[2]);
      this.window.value = window;
      this.invert.value = false;
      this.slab.value = null;
    });
  }
}

/** The page as a whole. */
export class Reading {
  readonly view = new View();
  readonly other = new View();
  readonly layout: Signal<Layout> = signal("one");
  /** The plane of the single pane, and of the large one. */
  readonly plane: Signal<Plane> = signal("axial");
  readonly tool: Signal<Tool> = signal("cross");
  readonly overlays = signal(true);
  readonly measures: Signal<readonly Measure[]> = signal([]);
  readonly chosen: Signal<string | null> = signal(null);
  /** Points of a measurement that is being made, world mm. */
  readonly draft: Signal<{ kind: MeasureKind; plane: Plane; points: readonly Vec3[] } | null> = signal(null);
  /** The finding that was jumped to. */
  readonly finding: Signal<string | null> = signal(null);
  /** What lies under the pointer. */
  readonly hover: Signal<{ plane: Plane; world: Vec3; value: number | null } | null> = signal(null);
}
