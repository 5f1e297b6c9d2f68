// The processor's engine: one slice as pixels, by look-up tables, at the resolution of its voxels; the browser scales it.
//
// Why not WebGL alone: without a graphics card WebGL is emulated, and there a changed window makes NiiVue fill its whole
// 3-D texture again. A slice by table costs a few milliseconds anywhere. `niivue.ts` takes over where a card is.
import { AXES, type Plane } from "../../model/reading/grid";
import type { Voxels } from "../../model/reading/nifti";
import type { Volume } from "../../model/reading/series";
import { type Slab, project } from "../../model/reading/slab";
import type { Viewport } from "../../model/reading/viewport";
import { type Rgb, type Tint, over } from "./lut";

/** A volume of shares or heat over the picture, on the same grid. */
export interface Heat {
  readonly data: Voxels;
  /** Steps of the table for one stored unit, and the step of stored zero. */
  readonly gain: number;
  readonly zero: number;
  readonly table: readonly (readonly [Rgb, number])[];
  /** 0 to 1. */
  readonly opacity: number;
}

export interface Layers {
  readonly labels: Uint8Array | Uint16Array | null;
  /** By label value; null where a label is off. */
  readonly tints: readonly (Tint | null)[];
  readonly heat: Heat | null;
}

const BLACK = 0xff000000;

export class SlicePicture {
  readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d", { alpha: false, willReadFrequently: false })!;
  private image: ImageData | null = null;
  private pixels = new Uint32Array(0);
  private folded = new Int16Array(0);

  constructor(readonly plane: Plane) {}

  /** Fills the picture with a slice. */
  fill(volume: Volume, slice: number, table: Uint32Array, layers: Layers, slab: Slab | null = null): void {
    const { size } = volume.grid;
    const { u, v, w, flipV } = AXES[this.plane];
    const [columns, rows] = [size[u], size[v]];
    this.fit(columns, rows);
    const strides = [1, size[0], size[0] * size[1]] as const;
    const [su, sv, start] = [strides[u], strides[v], slice * strides[w]];
    const where = { columns, rows, su, sv, start, flipV };
    if (slab) this.fillSlab(volume, slice, table, slab);
    else this.fillSlice(volume, table, where);
    const pixels = this.pixels;
    if (layers.heat) layHeat(pixels, layers.heat, where);
    if (layers.labels) layLabels(pixels, layers.labels, layers.tints, where);
    this.context.putImageData(this.image!, 0, 0);
  }

  private fillSlice({ data, has }: Volume, table: Uint32Array, { columns, rows, su, sv, start, flipV }: Where): void {
    const pixels = this.pixels;
    const upright = AXES[this.plane].v === 2; // its rows are axial slices
    for (let y = 0, p = 0; y < rows; y++) {
      const row = flipV ? rows - 1 - y : y;
      if (upright && !has[row]) {
        pixels.fill(BLACK, p, p + columns); // has not come yet
        p += columns;
        continue;
      }
      let at = start + row * sv;
      for (let x = 0; x < columns; x++, p++, at += su) pixels[p] = table[data[at]! + 32768]!;
    }
  }

  /** The same of several slices as one. */
  private fillSlab(volume: Volume, slice: number, table: Uint32Array, slab: Slab): void {
    const { u, v, flipV } = AXES[this.plane];
    const [columns, rows] = [volume.grid.size[u], volume.grid.size[v]];
    if (this.folded.length !== columns * rows) this.folded = new Int16Array(columns * rows);
    project(volume, this.plane, slice, slab, this.folded);
    for (let y = 0, p = 0; y < rows; y++) {
      const row = (flipV ? rows - 1 - y : y) * columns;
      for (let x = 0; x < columns; x++, p++) this.pixels[p] = table[this.folded[row + x]! + 32768]!;
    }
  }

  private fit(columns: number, rows: number): void {
    if (this.image && this.canvas.width === columns && this.canvas.height === rows) return;
    this.canvas.width = columns;
    this.canvas.height = rows;
    this.image = this.context.createImageData(columns, rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** Draws it where the viewport says; black around it. */
  draw(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { u, v } = AXES[this.plane];
    const { spacing, size } = viewport.grid;
    const { left, top } = viewport.edges;
    const { scale } = viewport;
    const flip = AXES[this.plane].flipV;
    // the outer faces of the first voxels lie half a voxel before their centres
    const x = (-0.5 * spacing[u] - left) * scale;
    const y = flip ? (top - (size[v] - 0.5) * spacing[v]) * scale : (-0.5 * spacing[v] - top) * scale;
    context.fillStyle = "#000";
    context.fillRect(0, 0, viewport.box.width, viewport.box.height);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "low";
    context.drawImage(this.canvas, x, y, size[u] * spacing[u] * scale, size[v] * spacing[v] * scale);
  }
}

interface Where {
  readonly columns: number;
  readonly rows: number;
  readonly su: number;
  readonly sv: number;
  readonly start: number;
  readonly flipV: boolean;
}

/** A light fill with a firm rim: the picture is seen through it, and where it ends is clear. */
function layLabels(
  pixels: Uint32Array,
  labels: Uint8Array | Uint16Array,
  tints: readonly (Tint | null)[],
  { columns, rows, su, sv, start, flipV }: Where,
): void {
  for (let y = 0, p = 0; y < rows; y++) {
    let at = start + (flipV ? rows - 1 - y : y) * sv;
    for (let x = 0; x < columns; x++, p++, at += su) {
      const label = labels[at]!;
      if (!label) continue;
      const tint = tints[label];
      if (!tint) continue;
      const rim =
        (x > 0 && labels[at - su] !== label) ||
        (x < columns - 1 && labels[at + su] !== label) ||
        (y > 0 && labels[flipV ? at + sv : at - sv] !== label) ||
        (y < rows - 1 && labels[flipV ? at - sv : at + sv] !== label);
      pixels[p] = over(pixels[p]!, tint.rgb, rim ? tint.edge : tint.fill);
    }
  }
}

function layHeat(pixels: Uint32Array, heat: Heat, { columns, rows, su, sv, start, flipV }: Where): void {
  const { data, gain, zero, table, opacity } = heat;
  const last = table.length - 1;
  for (let y = 0, p = 0; y < rows; y++) {
    let at = start + (flipV ? rows - 1 - y : y) * sv;
    for (let x = 0; x < columns; x++, p++, at += su) {
      if (!data[at]) continue;
      const step = Math.min(last, Math.max(0, Math.round(data[at]! * gain + zero)));
      const [rgb, alpha] = table[step]!;
      pixels[p] = over(pixels[p]!, rgb, alpha * opacity);
    }
  }
}
