// A label map as gzipped NIfTI-1 on its axial grid, and the server's bits as a mask.
//
// Source: nifti1.h. LPS becomes RAS here and nowhere else.
import type { Grid } from "../reading/grid";
import type { Labels } from "./edits";

const HEADER = 352;

/** The file's bytes; memory order (x fastest) is that of our arrays. */
export function niftiOf(labels: Labels, grid: Grid): Uint8Array<ArrayBuffer> {
  const bytes = new ArrayBuffer(HEADER + labels.byteLength);
  const view = new DataView(bytes);
  view.setInt32(0, 348, true);
  [3, ...grid.size, 1, 1, 1, 1].forEach((one, n) => view.setInt16(40 + 2 * n, one, true));
  view.setInt16(70, labels instanceof Uint8Array ? 2 : 512, true);
  view.setInt16(72, 8 * labels.BYTES_PER_ELEMENT, true);
  [1, ...grid.spacing, 1, 1, 1, 1].forEach((one, n) => view.setFloat32(76 + 4 * n, one, true));
  view.setFloat32(108, HEADER, true);
  view.setUint8(123, 2); // millimetres
  view.setInt16(254, 1, true); // the affine is that of a scanner (sform)
  grid.affine.slice(0, 3).forEach((row, axis) => {
    row.forEach((one, column) => view.setFloat32(280 + 16 * axis + 4 * column, axis < 2 ? -one : one, true));
  });
  [110, 43, 49, 0].forEach((one, n) => view.setUint8(344 + n, one)); // "n+1"
  new Uint8Array(bytes).set(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength), HEADER);
  return new Uint8Array(bytes);
}

export async function packed(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** A mask in its box: `start` and `size` run (x, y, z). */
export interface Found {
  readonly start: readonly [number, number, number];
  readonly size: readonly [number, number, number];
  readonly mask: Uint8Array;
  readonly ml: number;
}

/** What POST /api/results/{id}/click answers. */
export interface ClickAnswer {
  readonly origin: readonly [number, number, number];
  readonly shape: readonly [number, number, number];
  readonly mask: string;
  readonly voxels: number;
  readonly ml: number;
}

export async function unpackMask(answer: ClickAnswer): Promise<Found> {
  const coded = Uint8Array.from(atob(answer.mask), (one) => one.charCodeAt(0));
  const stream = new Blob([coded]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bits = new Uint8Array(await new Response(stream).arrayBuffer());
  const [z, y, x] = answer.shape;
  const mask = new Uint8Array(x * y * z);
  for (let n = 0; n < mask.length; n++) mask[n] = (bits[n >> 3]! >> (n & 7)) & 1;
  const [k, j, i] = answer.origin;
  return { start: [i, j, k], size: [x, y, z], mask, ml: answer.ml };
}

/** Indices of a mask's voxels in the volume. */
export function* voxelsOf(found: Found, grid: Grid): Generator<number> {
  const [nx, ny, nz] = found.size;
  const [x0, y0, z0] = found.start;
  for (let z = 0, p = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, p++) {
        if (found.mask[p]) yield ((z + z0) * grid.size[1] + y + y0) * grid.size[0] + x + x0;
      }
    }
  }
}
