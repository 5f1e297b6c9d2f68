// A volume over days with its band, and where on it a day lies. Pure.

export interface Band {
  readonly days: readonly number[];
  readonly p10: readonly number[];
  readonly p50: readonly number[];
  readonly p90: readonly number[];
}

/** `forecast.json`, as far as the page shows it. */
export interface ForecastTold {
  readonly days: readonly number[];
  readonly volume_ml: { readonly p10: readonly number[]; readonly p50: readonly number[]; readonly p90: readonly number[] };
  readonly genes: readonly { readonly name: string; readonly effect: string; readonly source: string }[];
  readonly target: { readonly id: string; readonly name: string; readonly volume_ml: number };
  readonly seen: { readonly times: number; readonly days_between: number | null };
  readonly parameters: Readonly<Record<string, { readonly value: number; readonly low: number; readonly high: number; readonly unit: string; readonly told_by: string }>>;
  readonly prior: { readonly kind: string; readonly source: string };
  readonly switches: { readonly treatment: { readonly name: string; readonly effect: string } | null };
  readonly what_if: readonly { readonly name: string; readonly volume_ml: { readonly p10: readonly number[]; readonly p50: readonly number[]; readonly p90: readonly number[] } }[];
  readonly warnings: readonly string[];
  readonly files: Readonly<Record<string, string | readonly string[]>>;
}

export interface Reading {
  readonly day: number;
  readonly volume_ml: number;
}

export const bandOf = (told: ForecastTold): Band => ({ days: told.days, ...told.volume_ml });

/** A value of a row between days, straight; at the ends the end's. */
export function at(days: readonly number[], values: readonly number[], day: number): number {
  const last = days.length - 1;
  if (last < 0) return 0;
  if (day <= days[0]!) return values[0]!;
  for (let k = 1; k <= last; k++) {
    const [a, b] = [days[k - 1]!, days[k]!];
    if (day <= b) return values[k - 1]! + ((values[k]! - values[k - 1]!) * (day - a)) / Math.max(b - a, 1e-9);
  }
  return values[last]!;
}

/** Round steps of an axis: 1, 2 or 5 times a power of ten, about `wanted` of them. */
export function ticks(low: number, high: number, wanted: number): readonly number[] {
  const rough = Math.max(high - low, 1e-9) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power;
  const found: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

/** A table as the server reads it: readings, and empty rows for the days ahead. */
export function tableOf(readings: readonly Reading[], ahead_days: number, steps = 12): string {
  const last = Math.max(...readings.map((one) => one.day));
  const rows = readings.map((one) => `lesion,${one.day},${one.volume_ml}`);
  for (let k = 1; k <= steps; k++) rows.push(`lesion,${Math.round(last + (ahead_days * k) / steps)},`);
  return `patient,day,volume_ml\n${[...new Set(rows)].join("\n")}\n`;
}

/** Readings typed or pasted: a line each, `day, volume`; a header and a patient's column may stand before. */
export function readingsOf(text: string): { readonly readings: readonly Reading[]; readonly wrong: readonly number[] } {
  const readings: Reading[] = [];
  const wrong: number[] = [];
  text.split(/\r?\n/).forEach((line, n) => {
    const cells = line.trim().split(/[,;\t]\s*|\s+/).filter((one) => one !== "");
    if (!cells.length || (/[a-z]/i.test(cells.at(-1) ?? "") && n === 0)) return;
    const [day, volume] = cells.slice(-2).map(Number);
    if (cells.length < 2 || !Number.isFinite(day) || !Number.isFinite(volume) || volume! < 0) wrong.push(n + 1);
    else readings.push({ day: day!, volume_ml: volume! });
  });
  return { readings: readings.sort((a, b) => a.day - b.day), wrong };
}
