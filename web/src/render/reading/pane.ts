// One pane: the slice of one plane with what stands over it, painted when something changed and never in idle time.
import { effect } from "@preact/signals";
import type { Plane, Vec3 } from "../../model/reading/grid";
import { isOn, regionStats } from "../../model/reading/measure";
import type { HeatLayer, Reading, View } from "../../model/reading/reading";
import type { Volume } from "../../model/reading/series";
import { type Box, Viewport } from "../../model/reading/viewport";
import { type Notes, annotate, measureText } from "./annotate";
import { type Tint, heatTable, shareTable, tintOf, windowTable } from "./lut";
import { type Heat, type Layers, SlicePicture } from "./picture";

const HEAT = heatTable();
const SHARE = shareTable();
const MOST_DPR = 2;

/** The picture of one plane of a view, filled again when what it shows has changed. */
export class ShownSlice {
  readonly picture: SlicePicture;
  /** The slice that the picture holds; null before the first. */
  shown: number | null = null;
  private filled: readonly unknown[] = [];

  constructor(
    readonly view: View,
    readonly plane: Plane,
    private readonly looks: Looks,
  ) {
    this.picture = new SlicePicture(plane);
  }

  /** Fills the picture where needed. A slice that has not come leaves the last one standing. */
  refresh(): void {
    const volume = this.view.volume.value;
    if (!volume) return;
    const slice = volume.grid.sliceAt(this.view.cross.value, this.plane);
    const slab = this.view.slab.value;
    const arrived = this.plane === "axial" && !slab ? 0 : this.view.arrived.value;
    if (this.plane === "axial" && !volume.has[slice]) return;
    const { table, layers } = this.looks;
    const wanted = [volume, slice, arrived, table.value, layers.value, slab];
    if (wanted.every((one, n) => one === this.filled[n])) return;
    this.picture.fill(volume, slice, table.value, layers.value, slab);
    this.filled = wanted;
    this.shown = slice;
  }
}

/** Look-up tables and overlays of a view, made again when window, labels or heat change. */
export class Looks {
  readonly table: { readonly value: Uint32Array };
  readonly layers: { readonly value: Layers };
  readonly tints: { readonly value: readonly (Tint | null)[] };

  constructor(view: View, overlays: { readonly value: boolean }) {
    this.table = memo(
      () => [view.volume.value?.info, view.window.value, view.invert.value] as const,
      ([info, window, invert]) => windowTable(info ?? { slope: 1, intercept: 0 }, { ...window, invert }),
    );
    this.tints = memo(
      () => [view.labelStates.value, view.labelColors.value] as const,
      ([states, colors]) => {
        const most = Math.max(0, ...Object.keys(states).map(Number));
        return Array.from({ length: most + 1 }, (_, value) => {
          const state = states[value];
          return state?.visible ? tintOf(colors[value] ?? [250, 204, 60], state.opacity) : null;
        });
      },
    );
    this.layers = memo(
      () => [view.labels.value, this.tints.value, view.heat.value, view.heatOpacity.value, overlays.value] as const,
      ([labels, tints, heat, opacity, shown]) => ({
        labels: shown ? (labels?.data ?? null) : null,
        tints,
        heat: shown && heat ? asHeat(heat, opacity) : null,
      }),
    );
  }
}

/** A value that is made again only where one of its inputs is another object. */
function memo<I extends readonly unknown[], O>(inputs: () => I, make: (inputs: I) => O): { readonly value: O } {
  let last: I | null = null;
  let made: O;
  return {
    get value(): O {
      const now = inputs();
      if (!last || now.some((one, n) => one !== last![n])) made = make((last = now));
      return made;
    },
  };
}

function asHeat({ kind, data, slope, intercept }: HeatLayer, opacity: number): Heat {
  const zero = (kind === "heat" ? 255 : 0) + intercept * 255;
  return { data, gain: slope * 255, zero, table: kind === "heat" ? HEAT : SHARE, opacity };
}

/** What a pane writes into its corners, in the reader's language. */
export interface PaneWords {
  corner(view: View, plane: Plane, slice: number): readonly string[];
  foot(view: View, plane: Plane): readonly string[];
}

export class PaneView {
  /** Paints so far, and what the last one took; tests and the bench read it. */
  paints = 0;
  paint_ms = 0;
  private wanted = false;
  private box: Box = { width: 1, height: 1 };
  private readonly context: CanvasRenderingContext2D;
  private readonly stop: () => void;
  private readonly observer: ResizeObserver;
  /** Called after a paint. */
  onPaint: (() => void) | null = null;

  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly slice: ShownSlice,
    private readonly reading: Reading,
    private readonly words: PaneWords,
    /** Whether another engine draws the picture under this pane. */
    private readonly under: () => boolean = () => false,
  ) {
    this.context = canvas.getContext("2d")!;
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(canvas);
    this.fit();
    this.stop = effect(() => {
      this.touch();
      this.want();
    });
  }

  get view(): View {
    return this.slice.view;
  }

  get plane(): Plane {
    return this.slice.plane;
  }

  viewport(): Viewport | null {
    const volume = this.view.volume.value;
    return volume ? new Viewport(volume.grid, this.plane, this.view.camera.value, this.box) : null;
  }

  /** Asks for a paint in the next frame. */
  want(): void {
    if (this.wanted) return;
    this.wanted = true;
    requestAnimationFrame(() => {
      this.wanted = false;
      this.paint();
    });
  }

  close(): void {
    this.stop();
    this.observer.disconnect();
    this.onPaint = null;
  }

  /** Reads every signal that a paint depends on. */
  private touch(): void {
    const { view, reading } = this;
    void [view.volume.value, view.arrived.value, view.cross.value, view.camera.value, view.window.value];
    void [view.invert.value, view.slab.value, view.labels.value, view.labelStates.value, view.labelColors.value, view.heat.value];
    void [view.heatOpacity.value, reading.overlays.value, reading.measures.value, reading.chosen.value];
    void [reading.draft.value, reading.finding.value, reading.layout.value];
    if (reading.draft.value) void reading.hover.value;
  }

  private fit(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const dpr = Math.min(window.devicePixelRatio || 1, MOST_DPR);
    this.box = { width: Math.max(1, width), height: Math.max(1, height) };
    this.canvas.width = Math.round(this.box.width * dpr);
    this.canvas.height = Math.round(this.box.height * dpr);
    this.context.setTransform(dpr, 0, 0, dpr, 0, 0);
    this.paint();
  }

  private paint(): void {
    const viewport = this.viewport();
    if (!viewport) return;
    const start = performance.now();
    this.slice.refresh();
    if (this.slice.shown === null && this.plane === "axial") return; // nothing has come yet
    if (this.under()) this.context.clearRect(0, 0, this.box.width, this.box.height);
    else this.slice.picture.draw(this.context, viewport);
    annotate(this.context, viewport, this.notes(viewport));
    this.paint_ms = performance.now() - start;
    this.paints += 1;
    this.onPaint?.();
  }

  private notes({ grid }: Viewport): Notes {
    const { reading, view, plane } = this;
    const volume = view.volume.value!;
    const cross = view.cross.value;
    const main = view === reading.view;
    const measures = main ? reading.measures.value.filter((one) => isOn(one, grid, plane, cross)) : [];
    const draft = reading.draft.value;
    return {
      cross: reading.overlays.value && reading.layout.value !== "one" ? cross : null,
      corner: this.words.corner(view, plane, this.slice.shown ?? 0),
      foot: this.words.foot(view, plane),
      measures: measures.map((measure) => ({
        measure,
        text: measureText(measure, volume.info.unit, stats(measure, volume), valueAt(measure.points[0]!, volume)),
        chosen: measure.id === reading.chosen.value,
      })),
      draft: main && draft?.plane === plane ? { kind: draft.kind, points: withHover(draft.points, reading, draft.kind) } : null,
      target: null,
    };
  }
}

function stats(measure: Parameters<typeof regionStats>[0], volume: Volume): ReturnType<typeof regionStats> {
  return measure.kind === "ellipse" ? regionStats(measure, volume) : null;
}

export function valueAt(world: Vec3, volume: Volume): number | null {
  return volume.value(...volume.grid.grid(world));
}

/** A draft of clicks reaches for the pointer. */
function withHover(points: readonly Vec3[], reading: Reading, kind: string): readonly Vec3[] {
  const at = reading.hover.value?.world;
  return at && (points.length < 2 || (kind === "angle" && points.length === 2)) ? [...points, at] : points;
}

