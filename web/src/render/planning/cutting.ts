// The cut in the scene: its surface where the server told it, and a frame with handles to move and tilt it by.
import {
  BufferAttribute,
  BufferGeometry,
  DoubleSide,
  EdgesGeometry,
  Group,
  LineBasicMaterial,
  LineSegments,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  MeshStandardMaterial,
  type Plane,
  PlaneGeometry,
  SphereGeometry,
} from "three";
import type { Frame } from "../../model/planning/cuts";
import { add, times, toScene } from "../../model/planning/vectors";
import { steady } from "./steady";

export type Handle = "move" | "across" | "along";

const HALF_MM = 62;
const COLOR = "#48be82";

export class Cutting {
  readonly group = new Group();
  readonly handles: Readonly<Record<Handle, Mesh>>;
  private readonly sheet: Mesh<PlaneGeometry, MeshBasicMaterial>;
  private readonly outline: LineSegments;
  private readonly surface: Mesh<BufferGeometry, MeshStandardMaterial>;

  constructor() {
    const square = new PlaneGeometry(2 * HALF_MM, 2 * HALF_MM);
    this.sheet = new Mesh(
      square,
      new MeshBasicMaterial({ color: COLOR, side: DoubleSide, transparent: true, opacity: 0.1, depthWrite: false }),
    );
    this.outline = new LineSegments(new EdgesGeometry(square), new LineBasicMaterial({ color: COLOR, transparent: true, opacity: 0.9 }));
    this.surface = new Mesh(
      new BufferGeometry(),
      new MeshStandardMaterial({ color: COLOR, side: DoubleSide, roughness: 0.6, transparent: true, opacity: 0.75 }),
    );
    this.sheet.renderOrder = this.outline.renderOrder = 2600;
    this.surface.renderOrder = 900;
    this.handles = { move: grip("#ffffff", 10), across: grip("#ffd166", 8), along: grip("#8ecbff", 8) };
    this.group.add(this.sheet, this.outline, this.surface, ...Object.values(this.handles));
    this.group.visible = false;
  }

  /** Shows the frame of a cut that can be moved; null for one that cannot. */
  place(frame: Frame | null): void {
    for (const one of [this.sheet, this.outline, ...Object.values(this.handles)]) one.visible = frame !== null;
    if (frame === null) return;
    const [u, v, n] = [frame.across, frame.along, frame.normal].map((one) => toScene(one));
    const basis = new Matrix4().makeBasis(u!, v!, n!);
    for (const one of [this.sheet, this.outline]) {
      one.position.copy(toScene(frame.middle));
      one.quaternion.setFromRotationMatrix(basis);
    }
    this.handles.move.position.copy(toScene(frame.middle));
    // a handle stands on the axis that it moves: pulled out of the plane it turns around the other one
    this.handles.across.position.copy(toScene(add(frame.middle, times(frame.along, HALF_MM))));
    this.handles.along.position.copy(toScene(add(frame.middle, times(frame.across, HALF_MM))));
  }

  /** The cut inside the liver, LPS mm; null while it moves. */
  draw(points_mm: Float32Array | null, faces: Uint32Array | null): void {
    this.surface.visible = points_mm !== null && faces !== null && faces.length > 0;
    if (!points_mm || !faces) return;
    const there = new Float32Array(points_mm.length);
    for (let i = 0; i < points_mm.length; i += 3) {
      there[i] = points_mm[i]!;
      there[i + 1] = points_mm[i + 2]!;
      there[i + 2] = -points_mm[i + 1]!;
    }
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(there, 3));
    geometry.setIndex(new BufferAttribute(faces, 1));
    geometry.computeVertexNormals();
    this.surface.geometry.dispose();
    this.surface.geometry = geometry;
  }

  clip(plane: Plane | null): void {
    const { material } = this.surface;
    if ((material.clippingPlanes === null) !== (plane === null)) material.needsUpdate = true;
    material.clippingPlanes = plane ? [plane] : null;
  }
}

function grip(color: string, radius_px: number): Mesh {
  const ball = new Mesh(
    new SphereGeometry(1, 20, 14),
    new MeshBasicMaterial({ color, depthTest: false, transparent: true, opacity: 0.95 }),
  );
  ball.renderOrder = 3001;
  steady(ball, radius_px);
  return ball;
}
