// Taking hold of handles in the scene: by mouse, pen or finger. What is beside a handle turns the scene as ever.
import { Plane, Raycaster, Vector2, Vector3 } from "three";
import type { PlanScene } from "../../render/planning/scene";
import type { Turn } from "../turn";

export interface Grip {
  readonly name: string;
  readonly at: Vector3;
}

export interface Grips {
  /** What can be taken hold of now. */
  readonly all: () => readonly Grip[];
  /** The pointer moved with a grip; the ray goes through it. */
  readonly drag: (name: string, ray: Raycaster) => void;
  readonly drop: (name: string) => void;
  /** The pointer rests somewhere without a grip. */
  readonly hover: (ray: Raycaster | null) => void;
}

const NEAR_PX = 16;
const NEAR_TOUCH_PX = 30;

export class Grab {
  private held: string | null = null;
  private wanted: PointerEvent | null = null;
  private readonly ray = new Raycaster();

  constructor(
    private readonly scene: PlanScene,
    private readonly turn: Turn,
    private readonly grips: Grips,
  ) {
    const { canvas } = scene.stage;
    canvas.addEventListener("pointerdown", this.down, { capture: true });
    canvas.addEventListener("pointermove", this.move);
    canvas.addEventListener("pointerup", this.up);
    canvas.addEventListener("pointercancel", this.up);
    canvas.addEventListener("pointerleave", () => this.held === null && this.grips.hover(null));
  }

  private readonly down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const grip = this.near(event);
    if (grip === null) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    this.held = grip.name;
    this.turn.free = false;
    this.scene.stage.canvas.setPointerCapture(event.pointerId);
    this.scene.stage.canvas.focus({ preventScroll: true });
  };

  private readonly move = (event: PointerEvent): void => {
    if (this.wanted === null) requestAnimationFrame(() => this.moved());
    this.wanted = event;
  };

  /** At most once a frame: a mouse tells of its moves far more often than a picture is drawn. */
  private moved(): void {
    const event = this.wanted;
    this.wanted = null;
    if (!event) return;
    if (this.held !== null) return this.grips.drag(this.held, this.through(event));
    this.scene.stage.canvas.style.cursor = this.near(event) ? "grab" : "";
    if (event.buttons === 0) this.grips.hover(this.through(event));
  }

  private readonly up = (event: PointerEvent): void => {
    if (this.held === null) return;
    const name = this.held;
    if (this.wanted) this.moved();
    this.held = null;
    this.turn.free = true;
    this.scene.stage.canvas.releasePointerCapture(event.pointerId);
    this.grips.drop(name);
  };

  private near(event: PointerEvent): Grip | null {
    const least = event.pointerType === "touch" ? NEAR_TOUCH_PX : NEAR_PX;
    const { x, y } = this.place(event);
    let [found, best]: [Grip | null, number] = [null, least];
    for (const grip of this.grips.all()) {
      const at = this.scene.project(grip.at);
      const away = Math.hypot(at.x - x, at.y - y);
      if (away < best) [found, best] = [grip, away];
    }
    return found;
  }

  private place(event: PointerEvent): { x: number; y: number } {
    const box = this.scene.stage.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private through(event: PointerEvent): Raycaster {
    const { canvas, camera } = this.scene.stage;
    const { x, y } = this.place(event);
    camera.updateMatrixWorld();
    this.ray.setFromCamera(new Vector2((2 * x) / canvas.clientWidth - 1, 1 - (2 * y) / canvas.clientHeight), camera);
    return this.ray;
  }
}

/** Where a ray meets the plane through a point that faces the ray; null where it looks away. */
export function beside(ray: Raycaster, point: Vector3): Vector3 | null {
  const facing = new Plane().setFromNormalAndCoplanarPoint(ray.ray.direction.clone().negate(), point);
  return ray.ray.intersectPlane(facing, new Vector3());
}

/** How far along an axis the point lies that is nearest to a ray; null where they are all but parallel. */
export function alongAxis(ray: Raycaster, origin: Vector3, axis: Vector3): number | null {
  const { origin: from, direction } = ray.ray;
  const across = direction.dot(axis);
  const rest = 1 - across * across;
  if (rest < 1e-3) return null;
  const away = origin.clone().sub(from);
  return (across * away.dot(direction) - away.dot(axis)) / rest;
}

/** The angle in degrees by which a ray, seen in the plane of `arm` and `normal`, stands out of `arm`; null beside it. */
export function outOfPlane(ray: Raycaster, middle: Vector3, arm: Vector3, normal: Vector3): number | null {
  const plane = new Plane().setFromNormalAndCoplanarPoint(arm.clone().cross(normal).normalize(), middle);
  const hit = ray.ray.intersectPlane(plane, new Vector3());
  if (!hit) return null;
  const away = hit.sub(middle);
  return (Math.atan2(away.dot(normal), away.dot(arm)) * 180) / Math.PI;
}
