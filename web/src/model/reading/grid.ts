// Where the voxels of an axial volume stand.
//
// Three spaces: *voxel* (x, y, z), fractional indices; *grid* millimetres, voxel × spacing, along the volume's own axes
// (x to the patient's left, y to the back, z to the head, or near it); *world*, LPS millimetres as in DICOM. Panes are
// drawn in grid millimetres, so that a tilted series is not resampled; what is kept or exchanged is in world millimetres.

export type Vec3 = readonly [number, number, number];
export type Plane = "axial" | "coronal" | "sagittal";
export const PLANES: readonly Plane[] = ["axial", "coronal", "sagittal"];

/** Which grid axis runs right on the screen, which down, and which through it; and whether down is against the axis. */
export interface PlaneAxes {
  readonly u: 0 | 1 | 2;
  readonly v: 0 | 1 | 2;
  readonly w: 0 | 1 | 2;
  readonly flipV: boolean;
}

/** Radiological convention: the patient's right is on the left of axial and coronal panes; sagittal panes face left. */
export const AXES: Readonly<Record<Plane, PlaneAxes>> = {
  axial: { u: 0, v: 1, w: 2, flipV: false },
  coronal: { u: 0, v: 2, w: 1, flipV: true },
  sagittal: { u: 1, v: 2, w: 0, flipV: true },
};

/** Letters at the left, right, top and bottom of a pane. */
export const LETTERS: Readonly<Record<Plane, readonly [string, string, string, string]>> = {
  axial: ["R", "L", "A", "P"],
  coronal: ["R", "L", "S", "I"],
  sagittal: ["A", "P", "S", "I"],
};

type Rows = readonly (readonly number[])[];

export class Grid {
  /** Voxels along (x, y, z). */
  readonly size: Vec3;
  /** Millimetres between voxels along (x, y, z). */
  readonly spacing: Vec3;
  private readonly back: Rows;

  /** `shape` and `spacing_mm` run (z, y, x), as the server tells them; `affine` takes (x, y, z, 1) to LPS. */
  constructor(
    shape: readonly number[],
    spacing_mm: readonly number[],
    readonly affine: Rows,
  ) {
    this.size = [shape[2]!, shape[1]!, shape[0]!];
    this.spacing = [spacing_mm[2]!, spacing_mm[1]!, spacing_mm[0]!];
    this.back = inverse(affine);
  }

  get voxels(): number {
    return this.size[0] * this.size[1] * this.size[2];
  }

  world(grid: Vec3): Vec3 {
    return apply(this.affine, over(grid, this.spacing));
  }

  /** Grid millimetres of a point of the world. */
  grid(world: Vec3): Vec3 {
    return times(apply(this.back, world), this.spacing);
  }

  voxel(grid: Vec3): Vec3 {
    return over(grid, this.spacing);
  }

  /** Grid millimetres of a voxel's centre. */
  centerOf(voxel: Vec3): Vec3 {
    return times(voxel, this.spacing);
  }

  /** The middle of the volume, grid millimetres. */
  get middle(): Vec3 {
    const [x, y, z] = this.size;
    return this.centerOf([(x - 1) / 2, (y - 1) / 2, (z - 1) / 2]);
  }

  /** The slice of a plane on which a point lies, within the volume. */
  sliceAt(grid: Vec3, plane: Plane): number {
    const { w } = AXES[plane];
    return clamp(Math.round(grid[w] / this.spacing[w]), 0, this.size[w] - 1);
  }

  /** Whether a point lies in the volume. */
  holds(grid: Vec3): boolean {
    return this.voxel(grid).every((one, axis) => one > -0.5 && one < this.size[axis]! - 0.5);
  }

  clamped(grid: Vec3): Vec3 {
    const on = (axis: 0 | 1 | 2) => clamp(grid[axis], 0, (this.size[axis] - 1) * this.spacing[axis]);
    return [on(0), on(1), on(2)];
  }

  /** Whether both have one shape and their corners lie together. */
  sameAs(other: Grid): boolean {
    const far = this.centerOf([this.size[0] - 1, this.size[1] - 1, this.size[2] - 1]);
    return (
      this.size.every((one, axis) => one === other.size[axis]) &&
      ([[0, 0, 0], far] as Vec3[]).every((point) => distance(this.world(point), other.world(point)) < 0.05)
    );
  }
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

export function distance(a: Vec3, b: Vec3): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** The point with one coordinate replaced. */
export function withAxis(point: Vec3, axis: 0 | 1 | 2, value: number): Vec3 {
  return [axis === 0 ? value : point[0], axis === 1 ? value : point[1], axis === 2 ? value : point[2]];
}

export function plus(a: Vec3, b: Vec3): Vec3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function minus(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function times(a: Vec3, b: Vec3): Vec3 {
  return [a[0] * b[0], a[1] * b[1], a[2] * b[2]];
}

function over(a: Vec3, b: Vec3): Vec3 {
  return [a[0] / b[0], a[1] / b[1], a[2] / b[2]];
}

function apply(m: Rows, [x, y, z]: Vec3): Vec3 {
  const on = (row: readonly number[]) => row[0]! * x + row[1]! * y + row[2]! * z + row[3]!;
  return [on(m[0]!), on(m[1]!), on(m[2]!)];
}

/** Of an affine matrix with an invertible linear part (Cramer's rule). */
function inverse(m: Rows): Rows {
  const [a, b, c, p] = m[0]! as [number, number, number, number];
  const [d, e, f, q] = m[1]! as [number, number, number, number];
  const [g, h, i, r] = m[2]! as [number, number, number, number];
  const A = e * i - f * h, B = f * g - d * i, C = d * h - e * g;
  const det = a * A + b * B + c * C;
  const rows = [
    [A, c * h - b * i, b * f - c * e],
    [B, a * i - c * g, c * d - a * f],
    [C, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((one) => one / det));
  return rows.map((row) => [...row, -(row[0]! * p + row[1]! * q + row[2]! * r)]);
}
