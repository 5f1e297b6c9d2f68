// Turning, moving and zooming: pointer, touch and keys; the standard views of the patient.
import { type Box3, Vector3 } from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { OUTWARD, type Side } from "../model/space";
import type { Stage } from "../render/stage";
import { boxOf } from "../render/surfaces";

const STEP = Math.PI / 24;
/** A hair off the pole keeps the picture's upright defined: the front of the patient is up. */
const OFF_POLE: Partial<Record<Side, Vector3>> = {
  head: new Vector3(0, 0, -1e-3),
  feet: new Vector3(0, 0, 1e-3),
};

export class Turn {
  private readonly controls: OrbitControls;

  constructor(private readonly stage: Stage) {
    this.controls = new OrbitControls(stage.camera, stage.canvas);
    this.controls.minDistance = 0.15 * stage.sphere.radius;
    this.controls.maxDistance = 12 * stage.sphere.radius;
    this.controls.zoomToCursor = true;
    this.controls.addEventListener("change", () => stage.draw());
    this.zoomWhenFocused(stage.canvas);
  }

  /** Looks at a side of the patient, the whole scene in sight. */
  look(side: Side): void {
    this.frame(boxOf(this.stage.surfaces), OUTWARD[side].clone().add(OFF_POLE[side] ?? new Vector3()), 1.1);
  }

  /** Brings a box to the middle, from where one stands. */
  focus(box: Box3): void {
    this.frame(box, this.stage.camera.position.clone().sub(this.controls.target), 1.7);
  }

  /** Looks along a line of the scene, from some way before its start to its end. */
  along(start: Vector3, end: Vector3, before: number): void {
    const { camera } = this.stage;
    const back = start.clone().sub(end).normalize();
    camera.position.copy(start).addScaledVector(back, before);
    this.controls.target.copy(end);
    this.controls.update();
    this.stage.draw();
  }

  /** Whether the scene may be turned; not while something in it is being dragged. */
  set free(free: boolean) {
    this.controls.enabled = free;
  }

  /** Turns by steps: to the right around the long axis, up over the head. */
  step(right: number, up: number): void {
    const { camera } = this.stage;
    const arm = camera.position.clone().sub(this.controls.target);
    const polar = Math.min(Math.PI - 1e-3, Math.max(1e-3, Math.acos(arm.y / arm.length()) - up * STEP));
    const around = Math.atan2(arm.x, arm.z) + right * STEP;
    camera.position.copy(this.controls.target).add(new Vector3().setFromSphericalCoords(arm.length(), polar, around));
    this.controls.update();
    this.stage.draw();
  }

  zoom(factor: number): void {
    const { camera } = this.stage;
    const arm = camera.position.clone().sub(this.controls.target);
    const length = Math.min(this.controls.maxDistance, Math.max(this.controls.minDistance, arm.length() * factor));
    camera.position.copy(this.controls.target).addScaledVector(arm.normalize(), length);
    this.controls.update();
    this.stage.draw();
  }

  /** The wheel belongs to the page until the reader has entered the scene. */
  private zoomWhenFocused(canvas: HTMLCanvasElement): void {
    this.controls.enableZoom = false;
    canvas.addEventListener("focus", () => (this.controls.enableZoom = true));
    canvas.addEventListener("blur", () => (this.controls.enableZoom = false));
  }

  /** Stands back from a box, in a direction, until all its corners are in the picture with some room around them. */
  private frame(box: Box3, from: Vector3, room: number): void {
    const { camera, sphere } = this.stage;
    const center = box.getCenter(new Vector3());
    camera.position.copy(center).add(from.normalize());
    camera.lookAt(center);
    const turn = camera.quaternion.clone().invert();
    const tall = Math.tan((camera.fov * Math.PI) / 360);
    let distance = 0.3 * sphere.radius;
    for (const corner of corners(box)) {
      const { x, y, z } = corner.sub(center).applyQuaternion(turn);
      distance = Math.max(distance, z + (room * Math.max(Math.abs(y), Math.abs(x) / camera.aspect)) / tall);
    }
    camera.position.copy(center).addScaledVector(from, distance);
    camera.near = sphere.radius / 50;
    camera.far = distance + 14 * sphere.radius;
    camera.updateProjectionMatrix();
    this.controls.target.copy(center);
    this.controls.update();
    this.stage.draw();
  }
}

function corners({ min, max }: Box3): Vector3[] {
  const at = (k: number): Vector3 => new Vector3(k & 1 ? max.x : min.x, k & 2 ? max.y : min.y, k & 4 ? max.z : min.z);
  return Array.from({ length: 8 }, (_, k) => at(k));
}
