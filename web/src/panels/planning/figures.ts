// Figures of a plan in the reader's words: millimetres, degrees, millilitres, and why a rule is broken.
import { number } from "../../model/format";
import type { Broken, Interval, Loose, Path } from "../../model/planning/forms";
import { nameOf } from "../../model/planning/names";
import { say, sayOr } from "../../model/words";

export const mm = (value: number, digits = 1): string => `${number(value, digits)} mm`;
export const ml = (value: number): string => `${number(value, Math.abs(value) < 100 ? 1 : 0)} ml`;
export const degrees = (value: number): string => `${number(value, 0)}°`;

/** `6.2 mm (4.1–8.3)`. */
export function interval(one: Interval, unit = "mm", digits = 1): string {
  return `${number(one.value, digits)} ${unit} (${number(one.low, digits)}–${number(one.high, digits)})`;
}

export function loose(one: Loose, unit: string, digits: number): string {
  if (one.value === null) return say("plan.unbounded");
  const ends = one.low === null || one.high === null ? "" : ` (${number(one.low, digits)}–${number(one.high, digits)})`;
  return `${number(one.value, digits)} ${unit}${ends}`;
}

/** What a reason is called in the legend: a rule, or the structure in the way. */
export function reasonName(reason: string, structure: string | null): string {
  const key = reason.replaceAll(" ", "_");
  if (structure === null) return sayOr(`plan.why_${key}`, reason);
  return say("plan.why_structure", { structure: nameOf(structure), role: sayOr(`plan.role_${key}`, reason) });
}

/** A broken rule as a sentence: how much there is, how much is needed. */
export function brokenSentence(one: Broken): string {
  const [value, needed] = [number(one.value ?? 0, 1), number(one.needed ?? 0, 1)];
  switch (one.reason) {
    case "length":
      return say("plan.broken_length", { value, needed });
    case "angle":
      return say("plan.broken_angle", { value, needed });
    case "table":
      return say(one.structure === "tilt" ? "plan.broken_tilt" : "plan.broken_table", { value, needed });
    case "leaves the body":
      return say("plan.why_leaves_the_body");
    case "outside the scan":
      return say("plan.why_outside_the_scan");
    default:
      if (one.value === 0) return say("plan.broken_through", { structure: nameOf(one.structure ?? one.reason), needed });
      return say("plan.broken_near", { structure: nameOf(one.structure ?? one.reason), value, needed });
  }
}

export function nearestOf(path: Path): string {
  return path.nearest ? nameOf(path.nearest.name) : say("plan.nothing_near");
}

/** All of a needle in one sentence: why it is refused, or what there is to know of it. */
export function verdict(path: Path): string {
  if (!path.safe) return path.broken.map(brokenSentence).join("; ");
  const facts = {
    length: mm(path.length_mm),
    angle: degrees(path.angle_deg),
    nearest: nearestOf(path),
    clearance: interval(path.clearance_mm),
  };
  return path.safe_only_at_mean ? `${say("plan.at_mean_why")} ${say("plan.facts", facts)}` : say("plan.facts", facts);
}
