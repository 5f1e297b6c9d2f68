// The graphics card's engine: NiiVue draws the slices of all panes into one canvas that lies under them.
//
// Our viewports decide what each tile shows: NiiVue's own field of view is overridden, so that it draws the very
// millimetres that the processor's engine draws, and nothing moves when one takes over from the other.
import { NVImage, Niivue, SLICE_TYPE } from "@niivue/niivue";
import { AXES, type Plane, type Vec3 } from "../../model/reading/grid";
import type { Volume } from "../../model/reading/series";
import type { Viewport } from "../../model/reading/viewport";
import { type Shown, type Tint } from "./lut";

const TYPE: Readonly<Record<Plane, SLICE_TYPE>> = {
  axial: SLICE_TYPE.AXIAL,
  coronal: SLICE_TYPE.CORONAL,
  sagittal: SLICE_TYPE.SAGITTAL,
};

const LABELS = "limner-labels";
const STEPS = 256;
/** There is no rim here that says where a label ends, so its fill says it. */
const FIRMER = 1.6;

/** A pane, and where it lies on the canvas, CSS pixels. */
export interface Tile {
  readonly viewport: Viewport;
  readonly left: number;
  readonly top: number;
}

type Fov = ReturnType<Niivue["screenFieldOfViewExtendedVox"]>;

class Slices extends Niivue {
  tiles: readonly Tile[] = [];

  /** A tile fills its pane; NiiVue would shrink it to the volume's proportions. */
  override calculateWidthHeight(_type: number, _scale: number[], width: number, height: number): [number, number] {
    return [width, height];
  }

  /** What a tile shows, in NiiVue's millimetres without obliquity: RAS, so each of our in-plane axes runs backwards. */
  override screenFieldOfViewExtendedVox(type = 0): Fov {
    const fov = super.screenFieldOfViewExtendedVox(type);
    const tile = this.tiles.find((one) => TYPE[one.viewport.plane] === type);
    if (!tile) return fov;
    const { viewport } = tile;
    const { u, v } = AXES[viewport.plane];
    const { left, right, top, bottom } = viewport.edges;
    const [mn, mx] = [fov.mnMM, fov.mxMM].map((one) => [one[0]!, one[1]!]) as [[number, number], [number, number]];
    const on = (axis: 0 | 1 | 2, screen: 0 | 1, at: number) =>
      mn[screen] + fraction(viewport, axis, at) * (mx[screen] - mn[screen]);
    fov.mxMM[0] = on(u, 0, left);
    fov.mnMM[0] = on(u, 0, right);
    fov.mxMM[1] = on(v, 1, top);
    fov.mnMM[1] = on(v, 1, bottom);
    fov.fovMM[0] = fov.mxMM[0] - fov.mnMM[0];
    fov.fovMM[1] = fov.mxMM[1] - fov.mnMM[1];
    return fov;
  }
}

/** Where a point lies in the texture, 0 to 1: NiiVue's axes run to the right, the front and the head. */
function fraction({ grid }: Viewport, axis: 0 | 1 | 2, at: number): number {
  const share = (at / grid.spacing[axis] + 0.5) / grid.size[axis];
  return axis === 2 ? share : 1 - share;
}

export class NiivueEngine {
  private readonly nv = new Slices({
    isRadiologicalConvention: true,
    sagittalNoseLeft: true,
    isSliceMM: false,
    crosshairWidth: 0,
    show3Dcrosshair: false,
    isOrientationTextVisible: false,
    isColorbar: false,
    isRuler: false,
    tileMargin: 0,
    backColor: [0, 0, 0, 1],
    loadingText: "",
    dragAndDropEnabled: false,
    logLevel: "error",
  });
  private overlay: NVImage | null = null;
  private shown: Shown | null = null;

  private constructor(readonly canvas: HTMLCanvasElement) {}

  static async on(canvas: HTMLCanvasElement, volume: Volume): Promise<NiivueEngine> {
    const engine = new NiivueEngine(canvas);
    await engine.nv.attachToCanvas(canvas);
    engine.nv.addVolume(await image(niftiOf(volume, volume.data, volume.info.slope, volume.info.intercept), "volume"));
    return engine;
  }

  /** Lays a label map over the volume, or takes it away. */
  async setLabels(volume: Volume, labels: Uint8Array | Uint16Array | null, tints: readonly (Tint | null)[]): Promise<void> {
    if (this.overlay) this.nv.removeVolume(this.overlay);
    this.overlay = null;
    if (!labels) return;
    this.overlay = await image(niftiOf(volume, Int16Array.from(labels), 1, 0), "labels");
    this.color(this.overlay, tints);
    this.nv.addVolume(this.overlay);
  }

  /**
   * Colours and opacities of the labels: a map of 256 steps, one for each value. NiiVue's own label maps know only one
   * opacity for all.
   */
  tint(tints: readonly (Tint | null)[]): void {
    if (!this.overlay) return;
    this.color(this.overlay, tints);
    this.nv.updateGLVolume();
  }

  private color(overlay: NVImage, tints: readonly (Tint | null)[]): void {
    const step = (value: number): Tint | null => tints[value] ?? null;
    const steps = Array.from({ length: STEPS }, (_, value) => value);
    const pick = (c: 0 | 1 | 2) => steps.map((value) => step(value)?.rgb[c] ?? 0);
    const alphas = steps.map((value) => Math.min(255, FIRMER * (step(value)?.fill ?? 0)));
    this.nv.addColormap(LABELS, { R: pick(0), G: pick(1), B: pick(2), A: alphas, I: steps });
    if (overlay.colormap !== LABELS) overlay.colormap = LABELS; // which measures its range again
    overlay.cal_min = 0;
    overlay.cal_max = STEPS - 1;
  }

  /** Draws the tiles, with their slices through `cross`. */
  draw(tiles: readonly Tile[], cross: Vec3, shown: Shown): void {
    const [first] = this.nv.volumes;
    if (!first || !tiles.length) return;
    this.nv.tiles = tiles;
    if (!same(this.shown, shown)) {
      const [low, high] = [shown.center - shown.width / 2, shown.center + shown.width / 2];
      first.cal_min = low;
      first.cal_max = high;
      first.colormapInvert = shown.invert;
      this.shown = shown;
      this.nv.updateGLVolume();
    }
    const { viewport } = tiles[0]!;
    const at = ([0, 1, 2] as const).map((axis) => fraction(viewport, axis, cross[axis]));
    this.nv.scene.crosshairPos = Float32Array.from(at);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.nv.setCustomLayout(
      tiles.map((one) => ({
        sliceType: TYPE[one.viewport.plane],
        position: [
          one.left / width, one.top / height, one.viewport.box.width / width, one.viewport.box.height / height,
        ] as [number, number, number, number],
      })),
    );
  }

  close(): void {
    this.nv.gl?.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

function same(a: Shown | null, b: Shown): boolean {
  return a !== null && a.center === b.center && a.width === b.width && a.invert === b.invert;
}

async function image(bytes: ArrayBuffer, name: string): Promise<NVImage> {
  return NVImage.loadFromUrl({ url: `${name}.nii`, name: `${name}.nii`, buffer: bytes } as never);
}

/** The volume as a NIfTI-1 file in memory, its affine without obliquity: NiiVue knows volumes only as files. */
function niftiOf(volume: Volume, data: Int16Array, slope: number, intercept: number): ArrayBuffer {
  const { size, spacing } = volume.grid;
  const bytes = new ArrayBuffer(352 + data.byteLength);
  const view = new DataView(bytes);
  view.setInt32(0, 348, true);
  [3, ...size, 1, 1, 1, 1].forEach((one, n) => view.setInt16(40 + 2 * n, one, true));
  view.setInt16(70, 4, true); // int16
  view.setInt16(72, 16, true);
  [1, ...spacing, 1, 1, 1, 1].forEach((one, n) => view.setFloat32(76 + 4 * n, one, true));
  view.setFloat32(108, 352, true);
  view.setFloat32(112, slope, true);
  view.setFloat32(116, intercept, true);
  view.setUint8(123, 2); // millimetres
  view.setInt16(254, 1, true); // sform
  const rows = [[-spacing[0], 0, 0, 0], [0, -spacing[1], 0, 0], [0, 0, spacing[2], 0]];
  rows.forEach((row, r) => row.forEach((one, c) => view.setFloat32(280 + 16 * r + 4 * c, one, true)));
  [110, 43, 49, 0].forEach((one, n) => view.setUint8(344 + n, one)); // "n+1"
  new Int16Array(bytes, 352).set(data);
  return bytes;
}
