// A series as the server tells it (GET /api/series/{id}), and its voxels as they come in.
import { Grid } from "./grid";

export interface Window {
  readonly name: string;
  readonly center: number;
  readonly width: number;
}

export interface Problem {
  readonly code: string;
  readonly severity: "warning" | "error";
  readonly text: string;
}

export interface SeriesInfo {
  readonly id: string;
  readonly study_id: string;
  readonly modality: string;
  readonly description: string;
  readonly drawable: boolean;
  readonly suggested_pack: string | null;
  readonly problems: readonly Problem[];
  readonly shape: readonly [number, number, number] | null;
  readonly spacing_mm: readonly [number, number, number] | null;
  readonly affine: readonly (readonly number[])[] | null;
  readonly window: readonly Window[];
  readonly opening: string | null;
  readonly value_range: readonly [number, number] | null;
  readonly unit: string;
  readonly slope: number;
  readonly intercept: number;
  readonly slices: readonly { readonly k: number; readonly sop_uid: string | null }[];
  readonly picture: { readonly rows: number; readonly columns: number; readonly channels: number } | null;
}

/** The voxels of a series. Slices arrive one by one, those near the reader first. */
export class Volume {
  readonly grid: Grid;
  /** Stored values, x fastest; zero where nothing has come yet, see `has`. */
  readonly data: Int16Array<ArrayBuffer>;
  readonly has: Uint8Array;
  arrived = 0;

  constructor(readonly info: SeriesInfo) {
    if (!info.shape || !info.spacing_mm || !info.affine) throw new Error(`Series ${info.id} has no volume.`);
    this.grid = new Grid(info.shape, info.spacing_mm, info.affine);
    this.data = new Int16Array(this.grid.voxels);
    this.has = new Uint8Array(info.shape[0]);
  }

  get sliceVoxels(): number {
    return this.grid.size[0] * this.grid.size[1];
  }

  get whole(): boolean {
    return this.arrived === this.has.length;
  }

  /** Takes `values`, whole slices from `k` on. */
  take(k: number, values: Int16Array): void {
    this.data.set(values, k * this.sliceVoxels);
    for (let one = k; one < k + values.length / this.sliceVoxels; one++) {
      if (!this.has[one]) this.arrived += 1;
      this.has[one] = 1;
    }
  }

  /** The value of the voxel in which a point (grid mm) lies; null outside, and where it has not come yet. */
  value(x: number, y: number, z: number): number | null {
    const [nx, ny, nz] = this.grid.size;
    const [i, j, k] = [x, y, z].map((one, axis) => Math.round(one / this.grid.spacing[axis]!)) as [number, number, number];
    if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz || !this.has[k]) return null;
    return this.data[(k * ny + j) * nx + i]! * this.info.slope + this.info.intercept;
  }
}

/** The next slices to ask for: a run of at most `most` that are neither here nor on their way, nearest to `k`. */
export function nextRun(taken: Uint8Array, k: number, most: number): { k: number; count: number } | null {
  const n = taken.length;
  for (let far = 0; far < n; far++) {
    for (const at of [k + far, k - far]) {
      if (at < 0 || at >= n || taken[at]) continue;
      const step = at < k ? -1 : 1;
      let count = 1;
      while (count < most && at + step * count >= 0 && at + step * count < n && !taken[at + step * count]) count += 1;
      return { k: step > 0 ? at : at - count + 1, count };
    }
  }
  return null;
}
