// Reading a NIfTI-1 file in the browser: label maps, shares and heat of a drawing. They lie on axial grids.
//
// Source: nifti1.h. RAS becomes LPS here, as in the Python door.
import { Grid } from "./grid";

export type Voxels = Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array;

export interface Nifti {
  readonly grid: Grid;
  readonly data: Voxels;
  readonly slope: number;
  readonly intercept: number;
}

/** Of the file's bytes, packed by gzip or not. */
export async function readNifti(bytes: ArrayBuffer): Promise<Nifti> {
  const head = new Uint8Array(bytes, 0, 2);
  const plain = head[0] === 0x1f && head[1] === 0x8b ? await unpacked(bytes) : bytes;
  const view = new DataView(plain);
  if (view.getInt32(0, true) !== 348) throw new Error("A little-endian NIfTI-1 file is expected (sizeof_hdr 348).");
  const size = [1, 2, 3].map((one) => view.getInt16(40 + 2 * one, true)) as [number, number, number];
  const rows = [280, 296, 312].map((at) => [0, 4, 8, 12].map((next) => view.getFloat32(at + next, true)));
  const affine = rows.map((row, axis) => row.map((one) => (axis < 2 ? -one : one))); // RAS to LPS
  const spacing = [0, 1, 2].map((column) => Math.hypot(...affine.map((row) => row[column]!)));
  const slope = view.getFloat32(112, true) || 1;
  return {
    grid: new Grid([...size].reverse(), spacing.reverse(), affine),
    data: voxels(plain, view.getFloat32(108, true), view.getInt16(70, true), size[0] * size[1] * size[2]),
    slope,
    intercept: view.getFloat32(116, true),
  };
}

function voxels(bytes: ArrayBuffer, start: number, kind: number, count: number): Voxels {
  // a typed array must begin at a multiple of its element; 352 is one for all of these
  const kinds: Record<number, new (b: ArrayBuffer, at: number, n: number) => Voxels> = {
    2: Uint8Array,
    4: Int16Array,
    8: Int32Array,
    16: Float32Array,
    512: Uint16Array,
  };
  const make = kinds[kind];
  if (!make) throw new Error(`NIfTI data type ${kind} is not read here; 2, 4, 8, 16 and 512 are.`);
  return new make(bytes, start, count);
}

async function unpacked(bytes: ArrayBuffer): Promise<ArrayBuffer> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** The values of `from` at the voxels of `grid`, nearest; the same array where both grids are one. */
export function onGrid<T extends Voxels>(from: { grid: Grid; data: T }, grid: Grid): T {
  if (from.grid.sameAs(grid)) return from.data;
  const out = new (from.data.constructor as new (n: number) => T)(grid.voxels);
  const [nx, ny, nz] = grid.size;
  const [mx, my, mz] = from.grid.size;
  const at = (i: number, j: number, k: number) => from.grid.voxel(from.grid.grid(grid.world(grid.centerOf([i, j, k]))));
  const zero = at(0, 0, 0);
  const [dx, dy, dz] = [at(1, 0, 0), at(0, 1, 0), at(0, 0, 1)].map((one) => one.map((v, axis) => v - zero[axis]!));
  for (let k = 0, p = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, p++) {
        const x = Math.round(zero[0] + i * dx![0]! + j * dy![0]! + k * dz![0]!);
        const y = Math.round(zero[1] + i * dx![1]! + j * dy![1]! + k * dz![1]!);
        const z = Math.round(zero[2] + i * dx![2]! + j * dy![2]! + k * dz![2]!);
        if (x >= 0 && y >= 0 && z >= 0 && x < mx && y < my && z < mz) out[p] = from.data[(z * my + y) * mx + x]!;
      }
    }
  }
  return out;
}
