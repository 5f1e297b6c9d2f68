// Mouse, pen and touch on a pane. The left button does what the chosen tool says; the right one always windows, the
// middle one always pans, the wheel always scrolls (with Ctrl or a pinch it zooms). One finger scrolls, or uses the tool.
import { AXES, type Plane, type Vec3, minus, plus, withAxis } from "../../model/reading/grid";
import { type MeasureKind, POINTS, isFree, isOn, newMeasureId } from "../../model/reading/measure";
import type { Reading, Tool, View } from "../../model/reading/reading";
import type { Viewport } from "../../model/reading/viewport";

const NEAR_PX = 9;
const MEASURING: readonly Tool[] = ["length", "angle", "ellipse", "probe"];

export interface PaneTarget {
  readonly canvas: HTMLCanvasElement;
  readonly plane: Plane;
  readonly view: View;
  viewport(): Viewport | null;
}

type Drag = (event: PointerEvent, moved: readonly [number, number]) => void;

export class PanePointer {
  private drag: Drag | null = null;
  private last: [number, number] = [0, 0];
  private start: [number, number] = [0, 0];
  private wheel = 0;
  /** Whether the press that is held began the draft; a second click must not begin it again. */
  private began = false;
  private readonly touches = new Map<number, [number, number]>();

  constructor(
    private readonly pane: PaneTarget,
    private readonly reading: Reading,
    private readonly series: () => string,
  ) {
    const { canvas } = pane;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.up(event));
    canvas.addEventListener("pointerleave", () => (this.reading.hover.value = null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.turn(event), { passive: false });
  }

  private at(event: MouseEvent): Vec3 | null {
    return this.pane.viewport()?.point(event.offsetX, event.offsetY, this.onSlice()) ?? null;
  }

  /** The cross-hair, brought onto the middle of the slice that is shown: measurements lie in slices. */
  private onSlice(): Vec3 {
    const { view, plane } = this.pane;
    const grid = view.volume.value!.grid;
    const { w } = AXES[plane];
    return withAxis(view.cross.value, w, grid.sliceAt(view.cross.value, plane) * grid.spacing[w]);
  }

  private down(event: PointerEvent): void {
    const { canvas, view } = this.pane;
    if (!view.volume.value) return;
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    this.last = this.start = [event.clientX, event.clientY];
    if (event.pointerType === "touch") {
      this.touches.set(event.pointerId, this.last);
      if (this.touches.size > 1) return void (this.drag = null); // two fingers: pinch
    }
    this.drag = this.chosen(event);
    if (this.drag === this.cross && event.pointerType !== "touch") this.cross(event);
  }

  private chosen(event: PointerEvent): Drag | null {
    const { tool } = this.reading;
    if (event.button === 2) return this.window;
    if (event.button === 1) return this.pan;
    if (MEASURING.includes(tool.value)) return this.measure(event);
    if (event.pointerType === "touch" && tool.value === "cross") return this.scroll;
    const by: Partial<Record<Tool, Drag>> = { cross: this.cross, window: this.window, pan: this.pan, zoom: this.zoom };
    return by[tool.value] ?? null;
  }

  private move(event: PointerEvent): void {
    const { view, plane } = this.pane;
    const volume = view.volume.value;
    if (!volume) return;
    if (this.touches.size > 1) return this.pinch(event);
    const moved = [event.clientX - this.last[0], event.clientY - this.last[1]] as const;
    this.last = [event.clientX, event.clientY];
    const point = this.at(event);
    if (point) this.reading.hover.value = { plane, world: volume.grid.world(point), value: volume.value(...point) };
    this.drag?.(event, moved);
  }

  private up(event: PointerEvent): void {
    const still = Math.hypot(event.clientX - this.start[0], event.clientY - this.start[1]) < 4;
    const touch = this.touches.delete(event.pointerId);
    if (touch && still && this.drag === this.scroll) this.cross(event); // a tap
    if (this.drag === this.extend) this.finish(still);
    this.drag = null;
  }

  private readonly cross = (event: PointerEvent): void => {
    const point = this.at(event);
    if (point) this.pane.view.goTo(point);
  };

  /** Right for a wider window, up for a brighter picture; finer where the window is narrow. */
  private readonly window: Drag = (_event, [dx, dy]) => {
    const { window } = this.pane.view;
    const { center, width } = window.value;
    const gain = Math.max(0.2, width / 400);
    window.value = { name: "", center: center + dy * gain, width: Math.max(1, width + dx * gain) };
  };

  private readonly pan: Drag = (_event, [dx, dy]) => {
    const { camera } = this.pane.view;
    const viewport = this.pane.viewport();
    if (!viewport) return;
    const { center, zoom } = camera.value;
    const by = minus(viewport.point(0, 0, center), viewport.point(dx, dy, center));
    camera.value = { center: plus(center, by), zoom };
  };

  private readonly zoom: Drag = (_event, [, dy]) => {
    this.pane.view.zoomBy(Math.exp(-dy / 150), this.pane.view.camera.value.center);
  };

  private travelled = 0;
  private readonly scroll: Drag = (_event, [, dy]) => {
    const { view, plane } = this.pane;
    const slices = view.volume.value!.grid.size[AXES[plane].w];
    const step = Math.max(3, this.pane.canvas.clientHeight / slices);
    this.travelled += dy;
    const steps = Math.trunc(this.travelled / step);
    this.travelled -= steps * step;
    if (steps) view.scroll(plane, plane === "axial" ? -steps : steps);
  };

  private pinch(event: PointerEvent): void {
    const before = [...this.touches.values()];
    this.touches.set(event.pointerId, [event.clientX, event.clientY]);
    const after = [...this.touches.values()];
    const apart = (two: [number, number][]) => Math.hypot(two[0]![0] - two[1]![0], two[0]![1] - two[1]![1]);
    const middle = (two: [number, number][], axis: 0 | 1) => (two[0]![axis] + two[1]![axis]) / 2;
    this.pan(event, [middle(after, 0) - middle(before, 0), middle(after, 1) - middle(before, 1)]);
    const box = this.pane.canvas.getBoundingClientRect();
    const around = this.pane.viewport()?.point(middle(after, 0) - box.left, middle(after, 1) - box.top, this.onSlice());
    if (around) this.pane.view.zoomBy(apart(after) / Math.max(1, apart(before)), around);
  }

  /** A notch of a mouse is a slice; a touchpad's small steps are gathered. */
  private turn(event: WheelEvent): void {
    event.preventDefault();
    const { view, plane } = this.pane;
    if (event.ctrlKey) {
      const around = this.at(event);
      if (around) view.zoomBy(Math.exp(-event.deltaY / 300), around);
      return;
    }
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 40;
    this.wheel += event.deltaY * unit;
    const size = Math.abs(event.deltaY * unit) >= 60 ? Math.abs(event.deltaY * unit) : 40;
    const steps = Math.trunc(this.wheel / size);
    if (!steps) return;
    this.wheel -= steps * size;
    // the wheel towards the reader goes to the feet, as stacks are read
    view.scroll(plane, plane === "axial" ? -steps : steps);
  }

  /** Begins a measurement, takes the next point of one, or moves a point that lies under the pointer. */
  private measure(event: PointerEvent): Drag | null {
    const { reading, pane } = this;
    const at = this.at(event);
    if (!at) return null;
    const world = pane.view.volume.value!.grid.world(at);
    const held = this.held(event);
    if (held) return this.reshape(held.id, held.point);
    const kind = reading.tool.value as MeasureKind;
    const draft = reading.draft.value;
    this.began = !(draft && draft.kind === kind && draft.plane === pane.plane);
    if (draft && !this.began) {
      // of three points: the second was set by the end of the first drag
      reading.draft.value = { ...draft, points: [...draft.points, world] };
    } else {
      reading.draft.value = { kind, plane: pane.plane, points: kind === "probe" ? [world] : [world, world] };
    }
    return this.extend;
  }

  private readonly extend: Drag = (event) => {
    const { draft } = this.reading;
    const at = this.at(event);
    if (!draft.value || !at) return;
    const world = this.pane.view.volume.value!.grid.world(at);
    draft.value = { ...draft.value, points: [...draft.value.points.slice(0, -1), world] };
  };

  /** The draft becomes a measurement when it has its points; a click without a drag leaves its second point open. */
  private finish(still: boolean): void {
    const { draft, measures, chosen } = this.reading;
    const made = draft.value;
    if (!made) return;
    const needs = POINTS[made.kind];
    if (made.kind !== "probe" && still && this.began) {
      draft.value = { ...made, points: made.points.slice(0, 1) }; // click, click instead of a drag
      return;
    }
    if (made.points.length < needs) return;
    const id = newMeasureId();
    measures.value = [...measures.value, { id, kind: made.kind, series: this.series(), plane: made.plane, points: made.points }];
    chosen.value = id;
    draft.value = null;
  }

  private held(event: PointerEvent): { id: string; point: number } | null {
    const viewport = this.pane.viewport();
    if (!viewport || this.reading.draft.value) return null;
    for (const one of this.reading.measures.value) {
      if (!isFree(one) || !isOn(one, viewport.grid, this.pane.plane, this.pane.view.cross.value)) continue;
      const point = one.points.findIndex((world) => {
        const [x, y] = viewport.pixel(viewport.grid.grid(world));
        return Math.hypot(x - event.offsetX, y - event.offsetY) < NEAR_PX;
      });
      if (point >= 0) return { id: one.id, point };
    }
    return null;
  }

  private reshape(id: string, point: number): Drag {
    const { measures, chosen } = this.reading;
    chosen.value = id;
    return (event) => {
      const at = this.at(event);
      if (!at) return;
      const { grid } = this.pane.view.volume.value!;
      const through = AXES[this.pane.plane].w;
      measures.value = measures.value.map((one) => {
        if (one.id !== id) return one;
        // both corners of a region lie on one slice, whichever series is shown now
        const depth = one.kind === "ellipse" ? grid.grid(one.points[1 - point]!)[through] : at[through];
        const world = grid.world(withAxis(at, through, depth));
        return { ...one, points: one.points.map((old, n) => (n === point ? world : old)) };
      });
    };
  }
}
