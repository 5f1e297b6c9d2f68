// The three planes and six sides of a patient, in LPS millimetres and in the scene's axes.
//
// The GLB is in metres with x to the patient's left, y to the head, z to the front. The scene scales it to
// millimetres, so a point (x, y, z) mm of LPS stands at (x, z, -y) of the scene.
import { Vector3 } from "three";

export type Plane = "axial" | "coronal" | "sagittal";
export const PLANES: readonly Plane[] = ["axial", "coronal", "sagittal"];

export type Side = "anterior" | "posterior" | "left" | "right" | "head" | "feet";
export const SIDES: readonly Side[] = ["anterior", "posterior", "left", "right", "head", "feet"];

/** Unit vectors of the scene that point out of each side of the patient. */
export const OUTWARD: Readonly<Record<Side, Vector3>> = {
  anterior: new Vector3(0, 0, 1),
  posterior: new Vector3(0, 0, -1),
  left: new Vector3(1, 0, 0),
  right: new Vector3(-1, 0, 0),
  head: new Vector3(0, 1, 0),
  feet: new Vector3(0, -1, 0),
};

export const MM_PER_METRE = 1000;

/** Scene axis (0 x, 1 y, 2 z) across which a plane cuts, and the sign that turns it into the LPS coordinate. */
const ACROSS: Readonly<Record<Plane, { axis: 0 | 1 | 2; sign: 1 | -1 }>> = {
  axial: { axis: 1, sign: 1 },
  coronal: { axis: 2, sign: -1 },
  sagittal: { axis: 0, sign: 1 },
};

/** The side that a cut takes away first: one looks at a section from the feet, the front and the left. */
export const TAKEN_AWAY: Readonly<Record<Plane, Side>> = { axial: "feet", coronal: "anterior", sagittal: "left" };

/** LPS coordinate of a scene point across the plane: z for axial, y for coronal, x for sagittal. */
export function lpsAcross(point: Vector3, plane: Plane): number {
  const { axis, sign } = ACROSS[plane];
  return point.getComponent(axis) * sign;
}

/** Range of that coordinate over a box of the scene. */
export function lpsRange(min: Vector3, max: Vector3, plane: Plane): [number, number] {
  const [a, b] = [lpsAcross(min, plane), lpsAcross(max, plane)];
  return a < b ? [a, b] : [b, a];
}

/** A point of the scene where the plane at that LPS coordinate passes, nearest to the origin. */
export function pointOn(plane: Plane, position_mm: number): Vector3 {
  const { axis, sign } = ACROSS[plane];
  return new Vector3().setComponent(axis, position_mm * sign);
}
