// Measurements: points in world millimetres, so that they stay where they are on whichever series of the frame.
import { AXES, type Grid, type Plane, type Vec3, distance, minus } from "./grid";
import type { Volume } from "./series";

export type MeasureKind = "length" | "angle" | "ellipse" | "probe";
/** Points that each kind takes; an ellipse is told by two opposite corners of its box. */
export const POINTS: Readonly<Record<MeasureKind, number>> = { length: 2, angle: 3, ellipse: 2, probe: 1 };

export interface Measure {
  readonly id: string;
  readonly kind: MeasureKind;
  readonly series: string;
  readonly plane: Plane;
  /** World LPS mm, on one slice. */
  readonly points: readonly Vec3[];
  /** Who measured it, where that is somebody else. */
  readonly author?: string;
  /** It stands in a signed report, and stays as it is. */
  readonly signed?: boolean;
}

/** Whether the reader may move or remove it. */
export function isFree(measure: Measure): boolean {
  return measure.author === undefined && !measure.signed;
}

/** A name that no other measurement has, as the server takes it. */
export function newMeasureId(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((one) => one.toString(16).padStart(2, "0")).join("");
}

export interface RegionStats {
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  readonly voxels: number;
  readonly area_mm2: number;
}

export function length_mm(measure: Measure): number {
  return distance(measure.points[0]!, measure.points[1]!);
}

/** Of the angle at the second point, 0 to 180. */
export function angle_deg(measure: Measure): number {
  const [a, apex, b] = measure.points as [Vec3, Vec3, Vec3];
  const [p, q] = [minus(a, apex), minus(b, apex)];
  const dot = p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
  const size = Math.hypot(...p) * Math.hypot(...q);
  return size ? (Math.acos(Math.min(1, Math.max(-1, dot / size))) * 180) / Math.PI : 0;
}

/** Of the voxels of the slice whose centres lie in the ellipse; null where none does, or the slice has not come. */
export function regionStats(measure: Measure, volume: Volume): RegionStats | null {
  const { grid, data, info } = volume;
  const { u, v, w } = AXES[measure.plane];
  const [a, b] = measure.points.map((one) => grid.grid(one)) as [Vec3, Vec3];
  const center = [(a[u] + b[u]) / 2, (a[v] + b[v]) / 2] as const;
  const radius = [Math.abs(a[u] - b[u]) / 2, Math.abs(a[v] - b[v]) / 2] as const;
  const slice = Math.round(a[w] / grid.spacing[w]);
  if (slice < 0 || slice >= grid.size[w] || !radius[0] || !radius[1]) return null;
  const stride = [1, grid.size[0], grid.size[0] * grid.size[1]] as const;
  const range = (axis: 0 | 1 | 2, middle: number, half: number): [number, number] => [
    Math.max(0, Math.ceil((middle - half) / grid.spacing[axis])),
    Math.min(grid.size[axis] - 1, Math.floor((middle + half) / grid.spacing[axis])),
  ];
  let [n, sum, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  const [iu, ju] = range(u, center[0], radius[0]);
  const [iv, jv] = range(v, center[1], radius[1]);
  for (let y = iv; y <= jv; y++) {
    for (let x = iu; x <= ju; x++) {
      const [dx, dy] = [(x * grid.spacing[u] - center[0]) / radius[0], (y * grid.spacing[v] - center[1]) / radius[1]];
      if (dx * dx + dy * dy > 1) continue;
      const at = x * stride[u] + y * stride[v] + slice * stride[w];
      if (!volume.has[Math.floor(at / volume.sliceVoxels)]) return null;
      const value = data[at]! * info.slope + info.intercept;
      n += 1;
      sum += value;
      squares += value * value;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  if (!n) return null;
  const mean = sum / n;
  const sd = Math.sqrt(Math.max(0, squares / n - mean * mean));
  return { mean, sd, min, max, voxels: n, area_mm2: Math.PI * radius[0] * radius[1] };
}

/** Whether a measurement lies on the slice of its plane that is shown (half a slice to either side). */
export function isOn(measure: Measure, grid: Grid, plane: Plane, cross: Vec3): boolean {
  if (measure.plane !== plane) return false;
  const { w } = AXES[plane];
  const at = grid.grid(measure.points[0]!)[w];
  return Math.abs(at - grid.sliceAt(cross, plane) * grid.spacing[w]) <= grid.spacing[w] / 2;
}
