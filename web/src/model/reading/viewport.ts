// What a pane shows of a plane: grid millimetres to CSS pixels and back. All engines draw by this and nothing else, so
// that a picture does not jump when another engine takes over.
import { AXES, type Grid, type Plane, type Vec3, withAxis } from "./grid";

/** What the panes of a series share: where their middle is, and how much larger than fitted. */
export interface Camera {
  readonly center: Vec3;
  readonly zoom: number;
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

export class Viewport {
  /** CSS pixels of a millimetre. */
  readonly scale: number;

  constructor(
    readonly grid: Grid,
    readonly plane: Plane,
    readonly camera: Camera,
    readonly box: Box,
  ) {
    const { u, v } = AXES[plane];
    const across = grid.size[u] * grid.spacing[u];
    const down = grid.size[v] * grid.spacing[v];
    this.scale = Math.min(box.width / across, box.height / down) * camera.zoom;
  }

  /** Pixels from the pane's left and top of a point. */
  pixel(point: Vec3): [number, number] {
    const { u, v, flipV } = AXES[this.plane];
    const x = (point[u] - this.camera.center[u]) * this.scale + this.box.width / 2;
    const down = (point[v] - this.camera.center[v]) * this.scale;
    return [x, this.box.height / 2 + (flipV ? -down : down)];
  }

  /** The point under a pixel, on the slice through `through`. */
  point(x: number, y: number, through: Vec3): Vec3 {
    const { u, v, flipV } = AXES[this.plane];
    const right = (x - this.box.width / 2) / this.scale + this.camera.center[u];
    const down = (y - this.box.height / 2) / this.scale;
    return withAxis(withAxis(through, u, right), v, this.camera.center[v] + (flipV ? -down : down));
  }

  /** Grid millimetres at the pane's left, right, top and bottom edges. */
  get edges(): { left: number; right: number; top: number; bottom: number } {
    const { u, v, flipV } = AXES[this.plane];
    const half = [this.box.width / 2 / this.scale, this.box.height / 2 / this.scale] as const;
    const [x, y] = [this.camera.center[u], this.camera.center[v]];
    const sign = flipV ? -1 : 1;
    return { left: x - half[0], right: x + half[0], top: y - sign * half[1], bottom: y + sign * half[1] };
  }
}
