// Fills axial slices between painted ones, the outline gliding from one to the other: as `limner.image.between`.
//
// Source: Raya SP, Udupa JK. Shape-based interpolation of multidimensional objects. IEEE Trans Med Imaging 9:32-42, 1990.
import type { Grid } from "../reading/grid";

/** Whether a voxel is painted. */
export type Painted = (index: number) => boolean;

/** Voxels between painted slices that belong to the shape; those of painted slices are not among them. */
export function betweenSlices(grid: Grid, painted: Painted): Uint32Array {
  const [nx, ny, nz] = grid.size;
  const box = boxOf(grid, painted);
  if (!box) return new Uint32Array(0);
  const [x0, y0, x1, y1] = box;
  const [columns, rows] = [x1 - x0 + 1, y1 - y0 + 1];
  const slice = (k: number): Uint8Array => {
    const mask = new Uint8Array(columns * rows);
    for (let y = 0, p = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++, p++) mask[p] = painted((k * ny + y + y0) * nx + x + x0) ? 1 : 0;
    }
    return mask;
  };
  const found: number[] = [];
  let last = -1;
  let before: Float64Array | null = null;
  for (let k = 0; k < nz; k++) {
    const mask = slice(k);
    if (!mask.includes(1)) continue;
    const after: Float64Array = signedDistance(mask, columns, rows, grid.spacing[0], grid.spacing[1]);
    for (let m = last + 1; before && m < k; m++) {
      const share = (m - last) / (k - last);
      for (let p = 0; p < after.length; p++) {
        if ((1 - share) * before[p]! + share * after[p]! > 0) {
          found.push((m * ny + Math.floor(p / columns) + y0) * nx + (p % columns) + x0);
        }
      }
    }
    last = k;
    before = after;
  }
  return Uint32Array.from(found);
}

/** The box of all painted voxels in the plane, one voxel wider; null where there are none. */
function boxOf(grid: Grid, painted: Painted): [number, number, number, number] | null {
  const [nx, ny, nz] = grid.size;
  let [x0, y0, x1, y1] = [nx, ny, -1, -1];
  for (let k = 0, index = 0; k < nz; k++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, index++) {
        if (!painted(index)) continue;
        x0 = Math.min(x0, x);
        x1 = Math.max(x1, x);
        y0 = Math.min(y0, y);
        y1 = Math.max(y1, y);
      }
    }
  }
  return x1 < 0 ? null : [Math.max(0, x0 - 1), Math.max(0, y0 - 1), Math.min(nx - 1, x1 + 1), Math.min(ny - 1, y1 + 1)];
}

/** Distance to the nearest pixel on the other side of the outline, positive inside, mm. */
export function signedDistance(mask: Uint8Array, columns: number, rows: number, dx: number, dy: number): Float64Array {
  const inside = distanceTo(mask, 0, columns, rows, dx, dy);
  const outside = distanceTo(mask, 1, columns, rows, dx, dy);
  return inside.map((one, p) => one - outside[p]!);
}

/** Of each pixel to the nearest with that value. Source: Felzenszwalb P, Huttenlocher D. Distance transforms of sampled
 *  functions. Theory of Computing 8:415-428, 2012: lower envelopes of parabolas, along rows and then columns. */
function distanceTo(mask: Uint8Array, value: number, columns: number, rows: number, dx: number, dy: number): Float64Array {
  const squares = Float64Array.from(mask, (one) => (one === value ? 0 : 1e12));
  for (let y = 0; y < rows; y++) envelope(squares, y * columns, 1, columns, dx);
  for (let x = 0; x < columns; x++) envelope(squares, x, columns, rows, dy);
  return squares.map(Math.sqrt);
}

function envelope(values: Float64Array, start: number, step: number, n: number, spacing: number): void {
  const f = Float64Array.from({ length: n }, (_, q) => values[start + q * step]!);
  const place = new Int32Array(n);
  const ends = new Float64Array(n + 1);
  const square = spacing * spacing;
  let k = 0;
  ends[0] = -Infinity;
  ends[1] = Infinity;
  const meet = (q: number, p: number) => (f[q]! + square * q * q - (f[p]! + square * p * p)) / (2 * square * (q - p));
  for (let q = 1; q < n; q++) {
    let at = meet(q, place[k]!);
    while (at <= ends[k]!) at = meet(q, place[--k]!);
    place[++k] = q;
    ends[k] = at;
    ends[k + 1] = Infinity;
  }
  k = 0;
  for (let q = 0; q < n; q++) {
    while (ends[k + 1]! < q) k += 1;
    values[start + q * step] = square * (q - place[k]!) ** 2 + f[place[k]!]!;
  }
}
