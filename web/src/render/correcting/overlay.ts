// What lies over the picture while it is corrected: what changed, what a click proposes, outlines of the version before,
// the points of a click, and the brush.
import type { ClickPoint } from "../../model/correcting/correcting";
import type { Labels } from "../../model/correcting/edits";
import type { Found } from "../../model/correcting/outgoing";
import { AXES, type Plane, type Vec3 } from "../../model/reading/grid";
import type { Viewport } from "../../model/reading/viewport";

const word = (r: number, g: number, b: number, a: number): number => ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
const ADDED = word(86, 214, 132, 150);
const TAKEN = word(255, 96, 96, 150);
const OTHER = word(120, 170, 255, 150);
const FOUND = word(94, 200, 255, 110);
const TAKEN_RIM = word(255, 140, 140, 255);
const FOUND_RIM = word(150, 225, 255, 255);
const INSIDE = "#7ce0ff";
const OUTSIDE = "#ff9a8a";

export interface Laid {
  readonly labels: Labels;
  readonly base: Labels;
  /** The label in hand: added, taken away, or another label changed. */
  readonly active: number;
  readonly difference: boolean;
  /** Firmness of the outlines of the version before, 0 to 1. */
  readonly compare: number;
  /** Whether a label is shown: the outlines of others are left out. */
  readonly shown: (label: number) => boolean;
  readonly found: Found | null;
  /** What accepting takes away. */
  readonly taken: Found | null;
  readonly points: readonly ClickPoint[];
  readonly brush: { readonly at: Vec3; readonly radius_mm: number; readonly color: string; readonly dashed: boolean } | null;
}

export class Overlay {
  private readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d")!;
  private image: ImageData | null = null;
  private pixels = new Uint32Array(0);

  constructor(private readonly plane: Plane) {}

  draw(context: CanvasRenderingContext2D, viewport: Viewport, slice: number, laid: Laid): void {
    if (laid.difference || laid.compare > 0 || laid.found) {
      this.fill(viewport, slice, laid);
      this.place(context, viewport);
    }
    for (const one of laid.points) this.point(context, viewport, slice, one);
    if (laid.brush) ring(context, viewport, laid.brush);
  }

  private fill({ grid }: Viewport, slice: number, laid: Laid): void {
    const { u, v, w, flipV } = AXES[this.plane];
    const [columns, rows] = [grid.size[u], grid.size[v]];
    this.fit(columns, rows);
    const step = [1, grid.size[0], grid.size[0] * grid.size[1]] as const;
    const [su, sv, start] = [step[u], step[v], slice * step[w]];
    const { pixels } = this;
    const { labels, base, active, difference } = laid;
    const edge = laid.compare > 0 ? word(255, 255, 255, Math.round(255 * laid.compare)) : 0;
    for (let y = 0, p = 0; y < rows; y++) {
      const row = flipV ? rows - 1 - y : y;
      let at = start + row * sv;
      for (let x = 0; x < columns; x++, p++, at += su) {
        let pixel = 0;
        const was = base[at]!;
        const now = labels[at]!;
        if (difference && was !== now) pixel = now === active ? ADDED : was === active ? TAKEN : OTHER;
        if (edge && was && laid.shown(was)) {
          const rim =
            (x > 0 && base[at - su] !== was) || (x < columns - 1 && base[at + su] !== was) ||
            (row > 0 && base[at - sv] !== was) || (row < rows - 1 && base[at + sv] !== was);
          if (rim) pixel = edge;
        }
        pixels[p] = pixel;
      }
    }
    if (laid.taken) this.lay(laid.taken, slice, rows, columns, [TAKEN, TAKEN_RIM]);
    if (laid.found) this.lay(laid.found, slice, rows, columns, [FOUND, FOUND_RIM]);
    this.context.putImageData(this.image!, 0, 0);
  }

  /** A light fill with a firm rim. */
  private lay(found: Found, slice: number, rows: number, columns: number, [fill, edge]: readonly [number, number]): void {
    const { u, v, w, flipV } = AXES[this.plane];
    const at = slice - found.start[w];
    if (at < 0 || at >= found.size[w]) return;
    const step = [1, found.size[0], found.size[0] * found.size[1]] as const;
    const [nu, nv] = [found.size[u], found.size[v]];
    const inside = (a: number, b: number) =>
      a >= 0 && b >= 0 && a < nu && b < nv && found.mask[a * step[u] + b * step[v] + at * step[w]] === 1;
    for (let b = 0; b < nv; b++) {
      const row = b + found.start[v];
      const y = flipV ? rows - 1 - row : row;
      for (let a = 0; a < nu; a++) {
        if (!inside(a, b)) continue;
        const rim = !inside(a - 1, b) || !inside(a + 1, b) || !inside(a, b - 1) || !inside(a, b + 1);
        this.pixels[y * columns + a + found.start[u]] = rim ? edge : fill;
      }
    }
  }

  private fit(columns: number, rows: number): void {
    if (this.image && this.canvas.width === columns && this.canvas.height === rows) return;
    this.canvas.width = columns;
    this.canvas.height = rows;
    this.image = this.context.createImageData(columns, rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** Where `SlicePicture` draws its own: the outer faces of the first voxels lie half a voxel before their centres. */
  private place(context: CanvasRenderingContext2D, viewport: Viewport): void {
    const { u, v, flipV } = AXES[this.plane];
    const { spacing, size } = viewport.grid;
    const { left, top } = viewport.edges;
    const { scale } = viewport;
    const x = (-0.5 * spacing[u] - left) * scale;
    const y = flipV ? (top - (size[v] - 0.5) * spacing[v]) * scale : (-0.5 * spacing[v] - top) * scale;
    context.imageSmoothingEnabled = false;
    context.drawImage(this.canvas, x, y, size[u] * spacing[u] * scale, size[v] * spacing[v] * scale);
    context.imageSmoothingEnabled = true;
  }

  /** A point is a cross or a bar with a dark rim; far from its slice it is faint. */
  private point(context: CanvasRenderingContext2D, viewport: Viewport, slice: number, { ijk, inside }: ClickPoint): void {
    const { w } = AXES[this.plane];
    const off = Math.abs(ijk[w] - slice);
    if (off > 2) return;
    const [x, y] = viewport.pixel(viewport.grid.centerOf(ijk));
    context.save();
    context.globalAlpha = off ? 0.4 : 1;
    for (const [width, style] of [[4, "rgba(0,0,0,.8)"], [2, inside ? INSIDE : OUTSIDE]] as const) {
      context.lineWidth = width;
      context.strokeStyle = style;
      context.beginPath();
      context.moveTo(x - 5, y);
      context.lineTo(x + 5, y);
      if (inside) {
        context.moveTo(x, y - 5);
        context.lineTo(x, y + 5);
      }
      context.stroke();
    }
    context.restore();
  }
}

function ring(context: CanvasRenderingContext2D, viewport: Viewport, brush: NonNullable<Laid["brush"]>): void {
  const [x, y] = viewport.pixel(brush.at);
  context.save();
  for (const [width, style] of [[3, "rgba(0,0,0,.6)"], [1.5, brush.color]] as const) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.setLineDash(brush.dashed ? [4, 3] : []);
    context.beginPath();
    context.arc(x, y, Math.max(2, brush.radius_mm * viewport.scale), 0, 2 * Math.PI);
    context.stroke();
  }
  context.restore();
}
