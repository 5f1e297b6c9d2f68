// What is known about a pack: the part of its pack.json that the page shows.

export interface Interval {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface Figure {
  readonly data: string;
  readonly n: number;
  readonly region: string;
  readonly metrics: Readonly<Record<string, Interval>>;
  readonly baseline?: Readonly<Record<string, number>>;
  readonly calibration?: Readonly<Record<string, number>>;
}

export interface Pack {
  readonly name: string;
  readonly version: string;
  readonly task: string;
  readonly description: string;
  readonly licence: string;
  readonly non_commercial: boolean;
  readonly modalities: readonly string[];
  readonly classes: readonly string[];
  readonly figures: readonly Figure[];
  readonly calibration: Readonly<Record<string, number | string | readonly number[] | null>> | null;
}

/** What says most about a pack of each task, the best first; and whether a share of 1 is as good as can be. */
const HEADLINES: Readonly<Record<string, readonly string[]>> = {
  segment: ["patient_dice", "dice"],
  classify: ["auc", "balanced_accuracy"],
  detect: ["froc", "sensitivity_at_1_false"],
  generate: ["coverage", "precision"],
  superresolve: ["psnr_gain", "ssim"],
  translate: ["ssim", "psnr"],
};

export interface Headline {
  readonly metric: string;
  readonly figure: Figure;
  readonly interval: Interval;
}

/** The figures of a pack that are one number each, in the order that its card gives them. */
export function headlines(pack: Pack): Headline[] {
  const wanted = HEADLINES[pack.task] ?? [];
  return pack.figures.flatMap((figure) => {
    const metric = wanted.find((one) => typeof figure.metrics[one]?.value === "number");
    const interval = metric === undefined ? undefined : figure.metrics[metric];
    return metric !== undefined && interval ? [{ metric, figure, interval }] : [];
  });
}

/** Whether a metric is a share, drawn on a scale from 0 to 1. */
export function isShare(metric: string): boolean {
  return !metric.startsWith("psnr") && !metric.startsWith("mae") && !metric.startsWith("hd");
}

/** The calibration that was measured on cases which no training saw. */
export function calibrationOf(pack: Pack): { figure: Figure; ece: Required<Readonly<Record<string, number>>> }[] {
  return pack.figures.flatMap((figure) => (typeof figure.calibration?.ece === "number" ? [{ figure, ece: figure.calibration }] : []));
}
