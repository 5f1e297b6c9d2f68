// What a brush covers and what a fill reaches, as voxels of the volume.
import { AXES, type Grid, type Plane, type Vec3 } from "../reading/grid";

export function strides(grid: Grid): Vec3 {
  return [1, grid.size[0], grid.size[0] * grid.size[1]];
}

/** Visits the voxels whose centres lie within `radius_mm` of a point: in its slice, or in a ball where `deep`. The
 *  voxel that holds the point always belongs to them. Points and distances are grid millimetres. */
export function eachInBrush(
  grid: Grid,
  plane: Plane,
  at: Vec3,
  brush: { readonly radius_mm: number; readonly deep: boolean },
  visit: (index: number) => void,
): void {
  const { w } = AXES[plane];
  const step = strides(grid);
  const middle = at.map((one, axis) => Math.round(one / grid.spacing[axis]!)) as [number, number, number];
  if (middle.some((one, axis) => one < 0 || one >= grid.size[axis]!)) return;
  const center: [number, number, number] = [...at];
  if (!brush.deep) center[w] = middle[w] * grid.spacing[w];
  const span = ([0, 1, 2] as const).map((axis): [number, number] => {
    if (axis === w && !brush.deep) return [middle[axis], middle[axis]];
    const reach = brush.radius_mm / grid.spacing[axis];
    const low = Math.max(0, Math.ceil(center[axis] / grid.spacing[axis] - reach));
    return [low, Math.min(grid.size[axis] - 1, Math.floor(center[axis] / grid.spacing[axis] + reach))];
  });
  const limit = brush.radius_mm ** 2;
  for (let k = span[2]![0]; k <= span[2]![1]; k++) {
    const dz = (k * grid.spacing[2] - center[2]) ** 2;
    for (let j = span[1]![0]; j <= span[1]![1]; j++) {
      const dy = dz + (j * grid.spacing[1] - center[1]) ** 2;
      for (let i = span[0]![0]; i <= span[0]![1]; i++) {
        if (dy + (i * grid.spacing[0] - center[0]) ** 2 <= limit) visit(k * step[2] + j * step[1] + i);
      }
    }
  }
  visit(middle[2] * step[2] + middle[1] * step[1] + middle[0]);
}

/** Points from a (not included) to b (included), no farther apart than `step_mm`. */
export function* between(a: Vec3, b: Vec3, step_mm: number): Generator<Vec3> {
  const far = Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]);
  const n = Math.max(1, Math.ceil(far / step_mm));
  for (let k = 1; k <= n; k++) {
    const share = k / n;
    yield [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
  }
}

/** The area of one label around a voxel in its slice (4-connected); null where it reaches the slice's edge: an outline
 *  with a gap would flood everything. */
export function closedArea(labels: ArrayLike<number>, grid: Grid, plane: Plane, at: Vec3): Uint32Array | null {
  const { u, v, w } = AXES[plane];
  const step = strides(grid);
  const start = at.map((one, axis) => Math.round(one / grid.spacing[axis]!)) as [number, number, number];
  if (start.some((one, axis) => one < 0 || one >= grid.size[axis]!)) return null;
  const [columns, rows] = [grid.size[u], grid.size[v]];
  const base = start[w] * step[w];
  const wanted = labels[base + start[u] * step[u] + start[v] * step[v]]!;
  const seen = new Uint8Array(columns * rows);
  const found: number[] = [];
  const waiting = [start[v] * columns + start[u]];
  seen[waiting[0]!] = 1;
  while (waiting.length) {
    const p = waiting.pop()!;
    const [x, y] = [p % columns, Math.floor(p / columns)];
    if (x === 0 || y === 0 || x === columns - 1 || y === rows - 1) return null;
    found.push(base + x * step[u] + y * step[v]);
    for (const q of [p - 1, p + 1, p - columns, p + columns]) {
      if (seen[q]) continue;
      seen[q] = 1;
      if (labels[base + (q % columns) * step[u] + Math.floor(q / columns) * step[v]] === wanted) waiting.push(q);
    }
  }
  return Uint32Array.from(found);
}
