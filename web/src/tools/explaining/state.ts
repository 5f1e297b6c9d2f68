// What the Explain page knows: the packs that read pictures, the explanation that is open, and how it is looked at.
import { signal } from "@preact/signals";
import { api } from "../../api/client";
import type { List, Result, StudyDetail } from "../../api/types";
import { type Layer, readLayer } from "../../render/explaining/heat";
import { lang } from "../../model/look";
import type { Answer, Explanation, MapKind } from "../../model/explaining/answer";
import { type Point, type View, WHOLE } from "../../model/explaining/view";

export interface Weakness {
  readonly measure: "accuracy" | "sensitivity" | "specificity" | "dice";
  readonly region: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
  readonly data: string;
  readonly baseline: number | null;
}

/** A pack that answers about pictures and can be asked why. */
export interface Explainer {
  readonly name: string;
  readonly version: string;
  readonly task: "classify" | "segment" | "detect";
  readonly description: string;
  readonly modalities: readonly string[];
  readonly channel_names: readonly string[];
  readonly zh: Readonly<Record<string, string>>;
  readonly abstain_below: number | null;
  readonly weaknesses: readonly Weakness[];
  readonly licence: string;
  readonly non_commercial: boolean;
}

/** One explanation with all that its panes show. */
export interface Opened {
  readonly result: Result;
  readonly answer: Answer;
  readonly explanation: Explanation | null;
  readonly picture: string;
  readonly layers: Readonly<Record<string, Layer>>;
}

export const explainers = signal<readonly Explainer[] | null>(null);
/** The part of the picture that all panes show. */
export const view = signal<View>(WHOLE);
/** The point of the picture under the pointer; null where there is none. */
export const hover = signal<Point | null>(null);
/** Opacity of each kind of heat, 0–1. */
export const opacity = signal<Readonly<Record<MapKind, number>>>({ "grad-cam": 0.7, lime: 0.7 });

let before = opacity.value;
const NONE: Readonly<Record<MapKind, number>> = { "grad-cam": 0, lime: 0 };

/** Takes all heat away, or brings back what there was. */
export function toggleHeat(): void {
  const seen = Object.values(opacity.value).some((one) => one > 0);
  if (seen) before = opacity.value;
  opacity.value = seen ? NONE : before;
}

export async function loadExplainers(): Promise<readonly Explainer[]> {
  explainers.value ??= (await api.get<List<Explainer>>("/api/explainers")).items;
  return explainers.value;
}

/** The name of a class in the reader's language, as the pack's report says it. */
export function nameOf(name: string, pack: Pick<Explainer, "zh"> | null | undefined): string {
  return lang.value === "zh" ? (pack?.zh[name] ?? name) : name;
}

/** The packs that fit what a study's headers say first; last those that want several series as the colours of one. */
export function fitting(packs: readonly Explainer[], study: StudyDetail): readonly Explainer[] {
  const fits = (one: Explainer) => one.modalities.some((modality) => study.modalities.includes(modality));
  const others = packs.filter((one) => !fits(one));
  const special = (one: Explainer) => one.channel_names.length > 0;
  return [...packs.filter(fits), ...others.filter((one) => !special(one)), ...others.filter(special)];
}

/** The newest explanation of a picture by a pack, in the reader's language if there is one; null where there is none. */
export function newest(study: StudyDetail, pack: string, about: string | null, n: number): Result | null {
  const asked = (one: Result) => {
    const { summary } = one;
    return (summary["n"] ?? 0) === n && (about === null ? summary["asked"] === null : summary["asked"] === about);
  };
  const some = study.results.filter((one) => one.kind === "explanation" && one.pack.split(" ")[0] === pack && asked(one));
  const spoken = (one: Result) => (one.summary["lang"] === lang.value ? 1 : 0);
  return some.sort((one, other) => spoken(other) - spoken(one) || (one.created < other.created ? 1 : -1))[0] ?? null;
}

export function fileAddress(result: Pick<Result, "id">, file: string): string {
  return `/api/results/${result.id}/files/${file.split("/").map(encodeURIComponent).join("/")}`;
}

async function fileOf(result: Result, file: string): Promise<Blob> {
  return new Blob([(await api.bytes(fileAddress(result, file))).data], { type: "image/png" });
}

async function jsonOf<T>(result: Result, file: string): Promise<T> {
  return JSON.parse(await api.text(fileAddress(result, file))) as T;
}

/** Reads an explanation and its layers. Its picture's address must be given back with `URL.revokeObjectURL`. */
export async function openExplanation(result: Result): Promise<Opened> {
  const answer = await jsonOf<Answer>(result, "answer.json");
  const { files } = answer;
  const explanation = files["explanation"] ? await jsonOf<Explanation>(result, files["explanation"]) : null;
  const layers: Record<string, Layer> = {};
  for (const [name, file] of Object.entries(files)) {
    if (name === "labels" || (name.startsWith("layer ") && name !== "layer without")) {
      layers[name.replace("layer ", "")] = await readLayer(await fileOf(result, file));
    }
  }
  const picture = URL.createObjectURL(await fileOf(result, files["picture"] ?? "picture.png"));
  return { result, answer, explanation, picture, layers };
}

/** The value of a layer at a point of the picture. */
export function valueAt(layer: Layer, point: Point): number {
  const x = Math.min(layer.width - 1, Math.max(0, Math.floor(point.x * layer.width)));
  const y = Math.min(layer.height - 1, Math.max(0, Math.floor(point.y * layer.height)));
  return layer.values[y * layer.width + x] ?? 0;
}
