// What a drawing found, as the server lists it (GET /api/results/{id}/structures), and which overlays it holds.
import type { Structure } from "../structure";
import type { Problem } from "./series";
import type { LabelState } from "./reading";

export interface StructureRow {
  readonly id: string;
  readonly title: string;
  readonly name: string;
  readonly kind: string;
  readonly label: number;
  readonly color: readonly [number, number, number];
  readonly opacity: number;
  readonly center_mm: readonly [number, number, number] | null;
  readonly probability: number | null;
  readonly abstained: boolean;
  readonly volume: string | null;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly reasons: readonly string[];
}

export interface Structures {
  readonly structures: readonly StructureRow[];
  readonly problems: readonly Problem[];
}

/** One label of the map: what its findings share. */
export interface LabelRow {
  readonly label: number;
  readonly name: string;
  readonly kind: string;
  readonly color: readonly [number, number, number];
  readonly ids: readonly string[];
}

export function labelsOf(rows: readonly StructureRow[]): LabelRow[] {
  const found = new Map<number, LabelRow>();
  for (const { label, name, kind, color, id } of rows) {
    const known = found.get(label);
    found.set(label, known ? { ...known, ids: [...known.ids, id] } : { label, name, kind, color, ids: [id] });
  }
  return [...found.values()];
}

const OPENING: Readonly<Record<string, LabelState>> = {
  lesion: { visible: true, opacity: 0.5 },
  vessel: { visible: true, opacity: 0.3 },
  organ: { visible: true, opacity: 0.22 },
};
const HIDDEN: LabelState = { visible: false, opacity: 0.25 };

/** At first lesions stand out, organs and vessels are a breath, and what surrounds them is off. */
export function openingLabels(rows: readonly LabelRow[]): Record<number, LabelState> {
  return Object.fromEntries(rows.map((one) => [one.label, OPENING[one.kind] ?? HIDDEN]));
}

/** As the 3D scene reads them. */
export function asScene(rows: readonly StructureRow[]): Structure[] {
  return rows.map(({ id, title, kind, color, opacity, facts }) => ({ id, title, kind, color, opacity, facts, visible: true }));
}

export interface HeatFile {
  readonly path: string;
  readonly kind: "share" | "heat";
  /** The finding it explains; null for shares of the whole scan. */
  readonly finding: string | null;
  /** "probability", "uncertainty", "grad-cam", "lime". */
  readonly method: string;
}

/** One file of a drawing tells both: how probable its label is at each voxel, and what is missing to certainty. */
const SURE = "confidence.nii.gz";

/** The overlays among a drawing's files. */
export function heatFiles(files: readonly string[]): HeatFile[] {
  return files.flatMap((path): HeatFile[] => {
    const heat = /^explanation\/(.+)\/heat-([\w-]+)\.nii\.gz$/.exec(path);
    if (heat) return [{ path, kind: "heat", finding: heat[1]!, method: heat[2]! }];
    if (path !== SURE) return [];
    return ["probability", "uncertainty"].map((method) => ({ path, kind: "share", finding: null, method }));
  });
}
