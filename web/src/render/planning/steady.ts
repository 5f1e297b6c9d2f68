// Handles keep their size on the screen, however near one looks.
import { type Camera, type Mesh, PerspectiveCamera, Vector2, type WebGLRenderer } from "three";

const size = new Vector2();

/** Gives a unit ball a radius in CSS pixels. */
export function steady(ball: Mesh, radius_px: number): void {
  ball.onBeforeRender = (renderer: WebGLRenderer, _scene, camera: Camera) => {
    if (!(camera instanceof PerspectiveCamera)) return;
    const tall = 2 * Math.tan((camera.fov * Math.PI) / 360) * camera.position.distanceTo(ball.position);
    ball.scale.setScalar((radius_px * tall) / renderer.getSize(size).y);
    ball.updateMatrixWorld();
  };
}
