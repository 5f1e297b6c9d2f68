// Cuts as plan.json tells them, and what moving and tilting makes of them. Pure geometry in LPS mm.
import { type Vec, add, cross, sub, times, turned, unit } from "./vectors";

export interface PlaneCut {
  readonly kind: "plane";
  readonly point_mm: Vec;
  /** Towards the side that is taken out. */
  readonly normal: Vec;
}

export interface CurvedCut {
  readonly kind: "curved";
  readonly origin_mm: Vec;
  readonly axes: readonly [Vec, Vec, Vec];
  readonly half_mm: readonly [number, number];
  readonly control_points_mm: readonly (readonly Vec[])[];
  readonly wall_slope: number;
}

export interface SegmentCut {
  readonly kind: "segmentwise";
  readonly of: string;
  readonly ids: readonly number[];
}

export interface SeveralCut {
  readonly kind: "several";
  readonly cuts: readonly (PlaneCut | CurvedCut | SegmentCut)[];
}

export type Cut = PlaneCut | CurvedCut | SegmentCut | SeveralCut;
type Surface = PlaneCut | CurvedCut;

/** Where a surface can be taken hold of: its middle and three directions, the last towards what is taken out. */
export interface Frame {
  readonly middle: Vec;
  readonly across: Vec;
  readonly along: Vec;
  readonly normal: Vec;
}

/** The parts of a cut that can be moved, with their places in it. Borders between segments follow vessels: they cannot. */
export function movable(cut: Cut): readonly number[] {
  if (cut.kind === "several") return cut.cuts.flatMap((one, k) => (one.kind === "segmentwise" ? [] : [k]));
  return cut.kind === "segmentwise" ? [] : [0];
}

function part(cut: Cut, which: number): Surface | null {
  const one = cut.kind === "several" ? cut.cuts[which] : cut;
  return one === undefined || one.kind === "segmentwise" ? null : one;
}

/** The frame of a part. A plane is taken hold of where it is nearest to a point, its patch turned head up. */
export function frameOf(cut: Cut, which: number, near: Vec): Frame | null {
  const one = part(cut, which);
  if (one === null) return null;
  if (one.kind === "curved") {
    const flat = one.control_points_mm.flat();
    const middle = times(flat.reduce(add, [0, 0, 0] as Vec), 1 / Math.max(1, flat.length));
    const [across, , normal] = one.axes;
    return { middle, across, along: cross(normal, across), normal }; // right-handed, whichever way the rows are
  }
  const normal = unit(one.normal);
  const off = sub(near, one.point_mm);
  const middle = sub(near, times(normal, off[0] * normal[0] + off[1] * normal[1] + off[2] * normal[2]));
  const up: Vec = Math.abs(normal[2]) < 0.9 ? [0, 0, 1] : [0, -1, 0];
  const across = unit(cross(up, normal));
  return { middle, across, along: unit(cross(normal, across)), normal };
}

/** The cut with one part moved along its normal, towards what is taken out. */
export function shifted(cut: Cut, which: number, by_mm: number, near: Vec): Cut {
  const frame = frameOf(cut, which, near);
  return frame ? carried(cut, which, (p) => add(p, times(frame.normal, by_mm)), (d) => d) : cut;
}

/** The cut with one part turned around one of its own axes through its middle, by degrees. */
export function tilted(cut: Cut, which: number, axis: "across" | "along", degrees: number, near: Vec): Cut {
  const frame = frameOf(cut, which, near);
  if (!frame) return cut;
  const turn = (d: Vec): Vec => turned(d, frame[axis], degrees);
  return carried(cut, which, (p) => add(frame.middle, turn(sub(p, frame.middle))), turn);
}

function carried(cut: Cut, which: number, place: (p: Vec) => Vec, turn: (d: Vec) => Vec): Cut {
  if (cut.kind === "several") {
    return { ...cut, cuts: cut.cuts.map((one, k) => (k === which && one.kind !== "segmentwise" ? moved(one, place, turn) : one)) };
  }
  return cut.kind === "segmentwise" ? cut : moved(cut, place, turn);
}

function moved<T extends Surface>(one: T, place: (p: Vec) => Vec, turn: (d: Vec) => Vec): T;
function moved(one: Surface, place: (p: Vec) => Vec, turn: (d: Vec) => Vec): Surface {
  if (one.kind === "plane") return { ...one, point_mm: place(one.point_mm), normal: turn(one.normal) };
  const [a, b, c] = one.axes;
  return {
    ...one,
    origin_mm: place(one.origin_mm),
    axes: [turn(a), turn(b), turn(c)],
    control_points_mm: one.control_points_mm.map((row) => row.map(place)),
  };
}

/** A plane of one's own to begin with: beside the tumour, the margin away, facing it from the middle of the liver. */
export function freshPlane(target: Vec, liver: Vec, margin_mm: number, radius_mm: number): PlaneCut {
  const normal = unit(sub(target, liver));
  return { kind: "plane", point_mm: sub(target, times(normal, margin_mm + radius_mm)), normal };
}
