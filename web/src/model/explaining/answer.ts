// An explanation's folder as a page reads it: `answer.json` (what the pack says) and `explanation.json` (why).

export type MapKind = "grad-cam" | "lime";

export interface Finding {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly probability: number | null;
  readonly abstained: boolean;
  readonly box?: readonly [number, number, number, number];
  readonly evidence?: readonly Evidence[];
}

/** What a drawing says of one explanation of a finding. */
export interface Evidence {
  readonly kind: MapKind | "attributes";
  readonly file: string | null;
  readonly sentence: string | null;
  readonly checks: Readonly<Record<string, number>>;
  readonly failed?: readonly string[];
  readonly warnings?: readonly string[];
}

export interface Answer {
  readonly schema: "limner.answer/1";
  readonly pack: { readonly name: string; readonly version: string };
  readonly task: "classify" | "segment" | "detect";
  readonly multi_label: boolean;
  readonly calibrated: boolean;
  readonly abstain_below: number | null;
  /** Pixels of the picture along y and x; boxes are in them. */
  readonly size: readonly [number, number];
  readonly abstained: boolean;
  readonly probabilities: Readonly<Record<string, number>>;
  readonly groups: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  readonly labels: readonly { readonly value: number; readonly name: string; readonly color: readonly [number, number, number] }[];
  readonly about: string | null;
  readonly explained: { readonly name: string; readonly probability: number } | null;
  readonly why_none: string;
  readonly lang: "en" | "zh";
  readonly problems: readonly { readonly code: string; readonly text: string }[];
  readonly files: Readonly<Record<string, string>>;
}

export interface Check {
  readonly name: string;
  readonly value: number | null;
  readonly baseline: number | null;
  readonly better: "lower" | "higher";
  readonly passed: boolean;
  readonly source: string;
}

export interface HeatNote {
  readonly kind: MapKind;
  readonly checks: readonly Check[];
  readonly warnings: readonly string[];
  readonly weights?: readonly number[];
  readonly r2?: number;
}

export interface AttributeRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly detail?: { readonly shares?: Readonly<Record<string, number>> };
  readonly probability_without: number | null;
  readonly source: string;
}

export interface AttributeNote {
  readonly mask: "given" | "measured" | "drawn";
  readonly rows: readonly AttributeRow[];
  readonly taken_out: readonly string[];
  readonly probability_without_all: number | null;
  readonly checks: readonly Check[];
  readonly warnings: readonly string[];
}

export interface Explanation {
  readonly schema: "limner.explanation/1";
  readonly pack: string;
  readonly name: string;
  readonly probability: number;
  readonly abstained: boolean;
  readonly finding?: string;
  readonly sentence: string;
  readonly warnings: readonly string[];
  readonly maps: readonly HeatNote[];
  readonly attributes: AttributeNote | null;
  readonly files: Readonly<Record<string, string>>;
  readonly lang: "en" | "zh";
}

/** One line of the answer: a class, or several classes together. */
export interface Bar {
  readonly name: string;
  readonly probability: number;
  readonly group: boolean;
}

/** Groups first, then classes, the likeliest first. */
export function bars(answer: Answer): readonly Bar[] {
  const of = (some: Readonly<Record<string, number>>, group: boolean): Bar[] =>
    Object.entries(some)
      .map(([name, probability]) => ({ name, probability, group }))
      .sort((one, other) => other.probability - one.probability);
  return [...of(answer.groups, true), ...of(answer.probabilities, false)];
}

/** The checks that a map did not pass. */
export function failed(checks: readonly Check[]): readonly Check[] {
  return checks.filter((one) => !one.passed);
}

/** What the pack says of the picture as a whole: its likeliest class; null where the task names none. */
export function likeliest(answer: Answer): Bar | null {
  return bars(answer).find((one) => !one.group) ?? null;
}
