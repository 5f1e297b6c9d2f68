// What a point outside takes away: the part of a label that hangs together with it and is not what was found.
import type { Grid, Vec3 } from "../reading/grid";
import { strides } from "./brush";
import type { ClickPoint } from "./correcting";
import type { Labels } from "./edits";
import { type Found, voxelsOf } from "./outgoing";

/** Voxels that carry `active`, are joined to a point outside by such voxels, and lie nearer to a point outside than to any
 *  inside: a point cannot empty an organ far from it. Null where there are none. */
export function leakOf(labels: Labels, grid: Grid, active: number, found: Found, points: readonly ClickPoint[]): Found | null {
  const outside = points.filter((one) => !one.inside);
  const inside = points.filter((one) => one.inside);
  if (!outside.length) return null;
  const stays = new Set(voxelsOf(found, grid));
  const [nx, ny, nz] = grid.size;
  const step = strides(grid);
  const nearest = (at: Vec3, to: readonly ClickPoint[]): number =>
    Math.min(...to.map(({ ijk }) => Math.hypot(...at.map((one, axis) => (one - ijk[axis]!) * grid.spacing[axis]!))));
  const seen = new Set<number>();
  const taken: Vec3[] = [];
  const open: Vec3[] = outside.map((one) => one.ijk);
  for (let at = open.pop(); at; at = open.pop()) {
    const [x, y, z] = at;
    if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz) continue;
    const index = x + y * step[1] + z * step[2];
    if (seen.has(index)) continue;
    seen.add(index);
    if (labels[index] !== active || stays.has(index) || nearest(at, outside) > nearest(at, inside)) continue;
    taken.push(at);
    open.push([x - 1, y, z], [x + 1, y, z], [x, y - 1, z], [x, y + 1, z], [x, y, z - 1], [x, y, z + 1]);
  }
  return taken.length ? boxed(taken, grid) : null;
}

function boxed(voxels: readonly Vec3[], grid: Grid): Found {
  const start: [number, number, number] = [Infinity, Infinity, Infinity];
  const end: [number, number, number] = [0, 0, 0];
  for (const at of voxels) {
    for (const axis of [0, 1, 2] as const) {
      start[axis] = Math.min(start[axis], at[axis]);
      end[axis] = Math.max(end[axis], at[axis] + 1);
    }
  }
  const size = [end[0] - start[0], end[1] - start[1], end[2] - start[2]] as const;
  const mask = new Uint8Array(size[0] * size[1] * size[2]);
  for (const [x, y, z] of voxels) mask[x - start[0] + size[0] * (y - start[1] + size[1] * (z - start[2]))] = 1;
  const [a, b, c] = grid.spacing;
  return { start, size, mask, ml: (voxels.length * a * b * c) / 1000 };
}
