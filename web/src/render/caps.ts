// Closing the surfaces where the cut opens them.
//
// Seen along one ray, a closed surface that is cut open shows more back faces than front faces exactly where the cut
// runs through its inside. The stencil buffer counts them, and a flat cap is drawn where the count is not zero.
import {
  AlwaysStencilFunc,
  BackSide,
  Color,
  DecrementWrapStencilOp,
  DoubleSide,
  FrontSide,
  Group,
  IncrementWrapStencilOp,
  Mesh,
  MeshBasicMaterial,
  NotEqualStencilFunc,
  type Plane,
  PlaneGeometry,
  ReplaceStencilOp,
  Vector3,
  type WebGLRenderer,
} from "three";
import type { ViewerState } from "../model/state";
import type { Surface } from "./surfaces";

interface Cap {
  readonly surface: Surface;
  readonly counters: readonly [Mesh, Mesh];
  readonly face: Mesh<PlaneGeometry, MeshBasicMaterial>;
}

export class Caps {
  readonly group = new Group();
  private readonly caps: readonly Cap[];

  /** `reach_mm`: half the side of the cap's square; it must span the scene. */
  constructor(surfaces: readonly Surface[], plane: Plane, reach_mm: number) {
    const square = new PlaneGeometry(2 * reach_mm, 2 * reach_mm);
    this.caps = surfaces.map((surface) => makeCap(surface, plane, square, surfaces.length - surface.rank));
    for (const { counters, face } of this.caps) this.group.add(...counters, face);
    this.group.visible = false;
  }

  /** Shows the caps of what is shown, square to the plane and around `center`. */
  follow(state: ViewerState, plane: Plane, center: Vector3): void {
    this.group.visible = state.cut.plane !== null;
    if (!this.group.visible) return;
    const middle = plane.projectPoint(center, new Vector3());
    for (const { surface, counters, face } of this.caps) {
      const { mesh, structure } = surface;
      const opacity = state.opacity[structure.id] ?? structure.opacity;
      for (const counter of counters) counter.visible = mesh.visible;
      face.visible = mesh.visible;
      face.position.copy(middle);
      face.lookAt(middle.clone().sub(plane.normal));
      face.material.opacity = Math.min(1, 2.2 * opacity);
      face.material.depthWrite = face.material.opacity >= 1;
    }
  }
}

/** Larger structures have a smaller `order` and are drawn first, so that what lies in them is drawn over them. */
function makeCap(surface: Surface, plane: Plane, square: PlaneGeometry, order: number): Cap {
  const [r, g, b] = surface.structure.color;
  const color = new Color(`rgb(${r},${g},${b})`).multiplyScalar(0.86);
  const face = new Mesh(
    square,
    new MeshBasicMaterial({
      color,
      side: DoubleSide,
      transparent: true,
      stencilWrite: true,
      stencilRef: 0,
      stencilFunc: NotEqualStencilFunc,
      stencilFail: ReplaceStencilOp,
      stencilZFail: ReplaceStencilOp,
      stencilZPass: ReplaceStencilOp,
    }),
  );
  face.renderOrder = order + 0.5;
  face.onAfterRender = (renderer: WebGLRenderer) => renderer.clearStencil();
  const counters: [Mesh, Mesh] = [
    counter(surface, plane, BackSide, order),
    counter(surface, plane, FrontSide, order + 0.1),
  ];
  return { surface, counters, face };
}

function counter(surface: Surface, plane: Plane, side: typeof BackSide | typeof FrontSide, order: number): Mesh {
  const operation = side === BackSide ? IncrementWrapStencilOp : DecrementWrapStencilOp;
  const mesh = new Mesh(
    surface.mesh.geometry,
    new MeshBasicMaterial({
      side,
      clippingPlanes: [plane],
      transparent: true, // in the list of the caps, so that the order between them holds
      colorWrite: false,
      depthWrite: false,
      depthTest: false,
      stencilWrite: true,
      stencilFunc: AlwaysStencilFunc,
      stencilFail: operation,
      stencilZFail: operation,
      stencilZPass: operation,
    }),
  );
  mesh.matrixAutoUpdate = false;
  mesh.matrix.copy(surface.mesh.matrixWorld);
  mesh.renderOrder = order;
  return mesh;
}
