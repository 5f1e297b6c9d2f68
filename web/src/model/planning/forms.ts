// What the planner is asked and what it answers (serve/routes/plan_forms.py).
import type { Vec } from "./vectors";
import type { Cut } from "./cuts";

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Clearance extends Interval {
  readonly name: string;
  readonly role: string;
  readonly margin_mm: number;
}

/** A rule that a needle breaks: how much there is, how much is needed. */
export interface Broken {
  readonly reason: string;
  readonly structure: string | null;
  readonly value: number | null;
  readonly needed: number | null;
  readonly text: string;
}

export interface Cover {
  readonly probe: string;
  readonly tumor_percent: number;
  readonly margin_percent: number;
  readonly healthy_ml: number;
}

export interface Path {
  readonly id: string;
  readonly entry_mm: Vec;
  readonly target_mm: Vec;
  readonly length_mm: number;
  readonly angle_deg: number;
  readonly clearance_mm: Interval;
  readonly nearest: { readonly name: string; readonly mm: number } | null;
  readonly clearances: readonly Clearance[];
  readonly organ_crossed_mm: number;
  readonly outside_mm: number;
  readonly score: number;
  readonly safe_only_at_mean: boolean;
  readonly safe: boolean;
  readonly broken: readonly Broken[];
  readonly cover?: Cover | null;
}

export interface Target {
  readonly id: string;
  readonly name: string;
  readonly volume_ml: number;
  readonly longest_mm: number | null;
  readonly center_mm: Vec;
  readonly probability?: number | null;
  readonly abstained?: boolean;
}

export interface Refused {
  readonly reason: string;
  readonly structure: string | null;
  readonly count: number;
}

export interface Needles {
  readonly organ: string | null;
  readonly paths: readonly Path[];
  readonly refused: readonly Refused[];
  readonly relax: readonly { readonly sentence: string; readonly rule: string; readonly now: number; readonly needed: number }[];
  readonly advice: string;
  readonly legend: readonly { readonly code: number; readonly reason: string; readonly structure: string | null }[];
  readonly open_entries: number;
  readonly confidence: number;
}

export interface Note {
  readonly code: string;
  readonly severity: string;
  readonly text: string;
}

export interface Probe {
  readonly name: string;
  readonly watts: number | null;
  readonly minutes: number;
  readonly long_mm: number;
  readonly short_mm: number;
  readonly measured: boolean;
  readonly source: string;
}

/** An interval of a resection; null where there is no bound (no liver is cut through). */
export interface Loose {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export type Kept = "yes" | "no" | "only at the value";

export interface Resection {
  readonly name: string;
  readonly cut: Cut;
  readonly margin_mm: Loose & { readonly kept: Kept };
  readonly resected_ml: Loose;
  readonly remnant_ml: Loose;
  readonly remnant_percent: Loose;
  readonly remnant_counted_percent: Loose & { readonly kept: Kept };
  readonly left_tumor: readonly { readonly id: string; readonly ml: number }[];
  readonly cut_area_cm2: number;
  readonly vessels: readonly { readonly kind: string; readonly branch: number; readonly diameter_mm: number }[];
  readonly without_inflow_ml: number | null;
  readonly without_outflow_ml: number | null;
  readonly reasons: readonly string[];
}

export interface Resections {
  readonly kept: boolean;
  readonly sentence: string;
  readonly resections: readonly Resection[];
  readonly liver_ml: number;
  readonly tumor_ml: number;
  readonly target_mm: Vec;
  readonly rules: { readonly margin_mm: number; readonly remnant_percent: number; readonly liver_state: string; readonly coverage: number };
  readonly segments: Readonly<Record<string, number>>;
  readonly problems: readonly Note[];
}

export type Step = "needles" | "liver" | "resection" | "done";

export interface PlannerState {
  readonly target: string;
  readonly targets: readonly Target[];
  readonly blind: readonly { readonly name: string; readonly text: string }[];
  readonly problems: readonly Note[];
  readonly probes: readonly Probe[];
  readonly with_image: boolean;
  readonly step: Step;
  readonly needles: Needles | null;
  readonly resection: Resections | null;
  readonly no_resection: string | null;
}

/** Bytes are base64 as they travel: eighths of a mm (int8) and bits (uint8) of the liver's points, and a surface. */
export interface CutAnswer {
  readonly resection: Resection;
  readonly liver: string | null;
  readonly sides: string;
  readonly flow: string;
  readonly points: string | null;
  readonly faces: string | null;
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const found = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) found[i] = text.charCodeAt(i);
  return found;
}
