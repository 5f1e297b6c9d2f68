// Canvas, camera and light. A frame is drawn when something changed, never in idle time.
import {
  DirectionalLight,
  type Group,
  HemisphereLight,
  type Object3D,
  PerspectiveCamera,
  Plane,
  Scene,
  Sphere,
  Vector3,
  WebGLRenderer,
} from "three";
import { OUTWARD, TAKEN_AWAY, pointOn } from "../model/space";
import type { ViewerState } from "../model/state";
import { Caps } from "./caps";
import { Compass } from "./compass";
import { type Surface, boxOf, followState } from "./surfaces";

export class Stage {
  readonly renderer: WebGLRenderer;
  readonly camera = new PerspectiveCamera(26, 1, 1, 10000);
  readonly compass = new Compass();
  readonly sphere: Sphere;
  /** Frames drawn so far; tests wait for it. */
  frames = 0;
  private readonly scene = new Scene();
  private readonly plane = new Plane(new Vector3(0, 1, 0), 0);
  private readonly caps: Caps;
  private wanted = false;

  constructor(
    readonly canvas: HTMLCanvasElement,
    root: Group,
    readonly surfaces: readonly Surface[],
  ) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true, stencil: true });
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
    this.renderer.localClippingEnabled = true;
    this.renderer.autoClear = false;
    this.sphere = boxOf(surfaces).getBoundingSphere(new Sphere());
    this.caps = new Caps(surfaces, this.plane, 1.5 * this.sphere.radius);
    this.scene.add(root, this.caps.group, new HemisphereLight(0xffffff, 0xb9aea6, 1.55), this.camera);
    const lamp = new DirectionalLight(0xffffff, 2.1);
    lamp.position.set(-0.5, 0.8, 1.2); // over the reader's left shoulder, and it turns with the reader
    lamp.target.position.set(0, 0, -1);
    this.camera.add(lamp, lamp.target);
    new ResizeObserver(() => this.fit()).observe(canvas.parentElement ?? canvas);
    this.fit();
  }

  /** The cut as a plane of the scene; the part behind its normal is taken away. Null where nothing is cut. */
  get cutPlane(): Plane | null {
    return this.caps.group.visible ? this.plane : null;
  }

  /** Puts more into the scene (needles, a skin, a cross-hair): it is drawn, and neither listed nor picked. */
  add(...objects: Object3D[]): void {
    this.scene.add(...objects);
  }

  follow(state: ViewerState): void {
    followState(this.surfaces, state);
    const { plane, position_mm, flipped } = state.cut;
    if (plane) {
      const normal = OUTWARD[TAKEN_AWAY[plane]].clone().multiplyScalar(flipped ? 1 : -1);
      this.plane.setFromNormalAndCoplanarPoint(normal, pointOn(plane, position_mm));
    }
    for (const { mesh } of this.surfaces) {
      const planes = plane ? [this.plane] : null;
      if ((mesh.material.clippingPlanes === null) !== (planes === null)) mesh.material.needsUpdate = true;
      mesh.material.clippingPlanes = planes;
    }
    this.caps.follow(state, this.plane, this.sphere.center);
    this.draw();
  }

  /** Asks for a frame. */
  draw(): void {
    if (this.wanted || this.renderer.xr.isPresenting) return; // a headset draws by its own clock
    this.wanted = true;
    requestAnimationFrame(() => this.frame());
  }

  private frame(): void {
    this.wanted = false;
    const { clientWidth, clientHeight } = this.canvas;
    this.renderer.setViewport(0, 0, clientWidth, clientHeight);
    this.renderer.clear();
    this.renderer.render(this.scene, this.camera);
    this.compass.draw(this.renderer, this.camera);
    this.frames += 1;
  }

  /** Has a reader who wears a headset look at the scene: the camera stands in their room until `remove` is called. */
  seenFrom(reader: Group): { remove(): void } {
    reader.add(this.camera);
    this.scene.add(reader);
    return {
      remove: () => {
        this.scene.remove(reader);
        this.scene.add(this.camera);
      },
    };
  }

  /** One frame for both eyes of a headset, which clears its own picture. */
  drawInHeadset(): void {
    this.renderer.clear();
    this.renderer.render(this.scene, this.camera);
  }

  /** Lets go of the graphics card's memory. */
  close(): void {
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }

  /** Fills the box around the canvas. */
  fit(): void {
    const box = this.canvas.parentElement ?? this.canvas;
    const [width, height] = [Math.max(1, box.clientWidth), Math.max(1, box.clientHeight)];
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.draw();
  }
}
