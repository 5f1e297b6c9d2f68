// Points and directions in LPS millimetres, and the way between them and the scene of three.js.
import { Vector3 } from "three";

/** x to the patient's left, y to the back, z to the head; mm where it is a point. */
export type Vec = readonly [number, number, number];

export const add = (a: Vec, b: Vec): Vec => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const sub = (a: Vec, b: Vec): Vec => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const times = (a: Vec, k: number): Vec => [a[0] * k, a[1] * k, a[2] * k];
export const dot = (a: Vec, b: Vec): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const length = (a: Vec): number => Math.hypot(...a);
export const distance = (a: Vec, b: Vec): number => length(sub(a, b));

export function cross(a: Vec, b: Vec): Vec {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** A unit vector; of none, the axis to the head. */
export function unit(a: Vec): Vec {
  const size = length(a);
  return size > 1e-9 ? times(a, 1 / size) : [0, 0, 1];
}

/** Turned around an axis through the origin, by degrees, right-handed (Rodrigues). */
export function turned(a: Vec, axis: Vec, degrees: number): Vec {
  const k = unit(axis);
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return add(add(times(a, c), times(cross(k, a), s)), times(k, dot(k, a) * (1 - c)));
}

/** Where a point of the patient stands in the scene: x left, y head, z front (model/space.ts). */
export const toScene = (p: Vec): Vector3 => new Vector3(p[0], p[2], -p[1]);

export const fromScene = (v: Vector3): Vec => [v.x, -v.z, v.y];

/** Directions of the skin at an entry, looked at from outside with the head up: to the right and up. */
export function acrossSkin(entry: Vec, tip: Vec): { readonly right: Vec; readonly up: Vec } {
  const outward = unit(sub(entry, tip));
  const flat = cross([0, 0, 1], outward);
  const right = length(flat) > 1e-3 ? unit(flat) : ([1, 0, 0] as Vec);
  return { right, up: unit(cross(outward, right)) };
}
