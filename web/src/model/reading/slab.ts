// A slab: several slices of a plane seen as one, by their greatest, least or mean value.
//
// Source: maximum, minimum and average intensity projection along the plane's own axis; the slab lies around the slice
// that is looked at and is as thick as whole slices allow.
import { AXES, type Grid, type Plane } from "./grid";
import type { Volume } from "./series";

export type SlabMode = "mip" | "minip" | "mean";
export const SLAB_MODES: readonly SlabMode[] = ["mip", "minip", "mean"];
export const MOST_MM = 60;

export interface Slab {
  readonly mode: SlabMode;
  readonly mm: number;
}

/** The first and the last slice of a slab, within the volume. */
export function slabSlices(grid: Grid, plane: Plane, slice: number, mm: number): readonly [number, number] {
  const { w } = AXES[plane];
  const count = Math.max(1, Math.round(mm / grid.spacing[w]));
  const first = slice - Math.floor((count - 1) / 2);
  return [Math.max(0, first), Math.min(grid.size[w] - 1, first + count - 1)];
}

/** Stored values of the slab, `size[u]` a row, into `out`; axial slices that have not come are left out. */
export function project(volume: Volume, plane: Plane, slice: number, slab: Slab, out: Int16Array): void {
  const { size } = volume.grid;
  const { u, v, w } = AXES[plane];
  const strides = [1, size[0], size[0] * size[1]] as const;
  const [columns, rows] = [size[u], size[v]];
  const [first, last] = slabSlices(volume.grid, plane, slice, slab.mm);
  const { data, has } = volume;
  const row = new Int32Array(columns);
  for (let y = 0; y < rows; y++) {
    let n = 0;
    for (let k = first; k <= last; k++) {
      if (!has[w === 2 ? k : v === 2 ? y : 0]) continue;
      const at = y * strides[v] + k * strides[w];
      if (n++) fold(row, data, at, strides[u], slab.mode);
      else for (let x = 0, p = at; x < columns; x++, p += strides[u]) row[x] = data[p]!;
    }
    const share = slab.mode === "mean" && n ? 1 / n : 1;
    const to = y * columns;
    for (let x = 0; x < columns; x++) out[to + x] = n ? Math.round(row[x]! * share) : -32768;
  }
}

/** One more slice of a row. */
function fold(row: Int32Array, data: Int16Array, at: number, step: number, mode: SlabMode): void {
  const n = row.length;
  if (mode === "mip") {
    for (let x = 0, p = at; x < n; x++, p += step) if (data[p]! > row[x]!) row[x] = data[p]!;
  } else if (mode === "minip") {
    for (let x = 0, p = at; x < n; x++, p += step) if (data[p]! < row[x]!) row[x] = data[p]!;
  } else {
    for (let x = 0, p = at; x < n; x++, p += step) row[x] = row[x]! + data[p]!;
  }
}
