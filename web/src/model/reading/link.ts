// How two dates of one patient are laid side by side: which point of the other scan answers to a point of this one.
import { type Grid, type Vec3, minus, plus } from "./grid";

/** By the liver's centre, by the scanner's millimetres, by the share of the stack, by hand, or not at all. */
export type LinkMode = "liver" | "world" | "stack" | "hand" | "free";

export interface LinkBasis {
  readonly from: Grid;
  readonly to: Grid;
  /** Centres of the liver, world mm, where both scans have a drawing of it. */
  readonly livers: readonly [Vec3, Vec3] | null;
  /** What was kept when the reader linked by hand: other minus this, world mm. */
  readonly offset: Vec3 | null;
}

/** The point of the other volume (grid mm) that answers to a point of this one; null where they are not linked. */
export function linked(mode: LinkMode, point: Vec3, { from, to, livers, offset }: LinkBasis): Vec3 | null {
  const by = (move: Vec3) => to.grid(plus(from.world(point), move));
  switch (mode) {
    case "liver":
      return livers && by(minus(livers[1], livers[0]));
    case "world":
      return by([0, 0, 0]);
    case "hand":
      return offset && by(offset);
    case "stack": {
      const share = (axis: 0 | 1 | 2) => {
        const ends = Math.max(1, from.size[axis] - 1) * from.spacing[axis];
        return (point[axis] / ends) * (to.size[axis] - 1) * to.spacing[axis];
      };
      return [share(0), share(1), share(2)];
    }
    case "free":
      return null;
  }
}

/** What suits best at first. */
export function suits(livers: readonly [Vec3, Vec3] | null): LinkMode {
  return livers ? "liver" : "stack";
}
