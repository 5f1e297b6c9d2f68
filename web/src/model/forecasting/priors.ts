// Drawings of one patient over time: what an earlier forecast can see, and volumes read off them.
import { api } from "../../api/client";
import type { List, Prior, ResultWhole } from "../../api/types";
import { isoDate } from "../format";

interface Finding {
  readonly id: string;
  readonly kind: string;
  readonly measurements: readonly { readonly name: string; readonly value: number }[];
}

/** A drawing with what `drawing.json` holds. */
export type Drawing = Omit<ResultWhole, "drawing"> & { readonly drawing?: { readonly findings: readonly Finding[] } };

export interface Dated {
  readonly result: Drawing;
  /** YYYY-MM-DD. */
  readonly date: string;
}

/** The newest drawing of each other study of the same patient that the reader may see, the oldest first. */
export async function priorDrawings(study: string): Promise<readonly Dated[]> {
  const priors = await api.get<List<Prior>>(`/api/studies/${study}/priors`);
  const found = priors.items.flatMap((one) => (one.newest_drawing ? [{ id: one.newest_drawing, date: isoDate(one.date) }] : []));
  const whole = await Promise.all(found.map(async (one) => ({ result: await api.get<Drawing>(`/api/results/${one.id}`), date: one.date })));
  return whole.sort((a, b) => a.date.localeCompare(b.date));
}

export function lesionsOf(drawing: Drawing): readonly string[] {
  return drawing.drawing?.findings.filter((one) => one.kind === "lesion").map((one) => one.id) ?? [];
}

/** `day, ml` of the largest lesion of each drawing, days counted from the first; drawings without a date are left out. */
export function readingsFrom(drawings: readonly Dated[]): string {
  const rows = drawings.flatMap(({ result, date }) => {
    const [volume, time] = [largest_ml(result), Date.parse(date)];
    return volume === null || Number.isNaN(time) ? [] : [{ time, volume }];
  });
  rows.sort((a, b) => a.time - b.time);
  return rows.map((one) => `${Math.round((one.time - rows[0]!.time) / 86_400_000)}, ${one.volume}`).join("\n");
}

function largest_ml(drawing: Drawing): number | null {
  const lesions = drawing.drawing?.findings.filter((one) => one.kind === "lesion") ?? [];
  const volumes = lesions.flatMap((one) => one.measurements.filter((row) => row.name === "volume").map((row) => row.value));
  return volumes.length ? Math.max(...volumes) : null;
}
