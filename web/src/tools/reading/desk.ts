// What a reader does with a study: opens series and drawings, jumps to findings, starts a drawing, compares dates.
import { type Signal, batch, computed, effect, signal } from "@preact/signals";
import { api } from "../../api/client";
import { loadSlices } from "./loading";
import type { List, Result, ResultWhole, Series, StudyDetail, StudyRow } from "../../api/types";
import { startJob } from "../../model/jobs";
import { lang } from "../../model/look";
import { setQuery } from "../../model/place";
import { type Place, readPlace } from "../../model/reading/address";
import {
  type HeatFile, type StructureRow, type Structures, asScene, heatFiles, labelsOf, openingLabels,
} from "../../model/reading/drawing";
import { type Plane, type Vec3 } from "../../model/reading/grid";
import { onGrid, readNifti } from "../../model/reading/nifti";
import { Reading, type View } from "../../model/reading/reading";
import { type Problem, type SeriesInfo, Volume, type Window } from "../../model/reading/series";
import { SLAB_MODES, type SlabMode } from "../../model/reading/slab";
import { resultsOf } from "../../model/study";
import { fail } from "../../model/toasts";
import { Looks, ShownSlice } from "../../render/reading/pane";
import { Cine } from "./cine";
import { Comparison } from "./compare";
import type { CardEngine } from "./engine";
import { KeptMeasures } from "./kept_measures";

/** How thick a slab is at first. */
const SLAB_MM = 10;

/** A view with what paints it. */
export class Board {
  readonly looks: Looks;
  readonly slices: Readonly<Record<Plane, ShownSlice>>;
  readonly series: Signal<SeriesInfo | null> = signal(null);
  private opening = 0;
  /** Of the study: panes say it where two dates stand side by side. */
  readonly date: Signal<string> = signal("");
  readonly drawing: Signal<ResultWhole | null> = signal(null);
  readonly structures: Signal<readonly StructureRow[]> = signal([]);
  readonly problems: Signal<readonly Problem[]> = signal([]);
  readonly heats = computed<readonly HeatFile[]>(() => heatFiles(this.drawing.value?.files ?? []));
  readonly heat: Signal<HeatFile | null> = signal(null);
  readonly labels = computed(() => labelsOf(this.structures.value));
  private stopLoading: (() => void) | null = null;
  private turn = 0;

  constructor(
    readonly view: View,
    overlays: { readonly value: boolean },
  ) {
    this.looks = new Looks(view, overlays);
    const slice = (plane: Plane) => new ShownSlice(view, plane, this.looks);
    this.slices = { axial: slice("axial"), coronal: slice("coronal"), sagittal: slice("sagittal") };
  }

  /** Opens a series at a slice and window: resolves when that slice is here; the others follow. */
  async openSeries(id: string, slice: number | null, window: string | null, at: Place["at"] = null): Promise<void> {
    const mine = ++this.opening;
    const info = await api.get<SeriesInfo>(`/api/series/${id}`);
    if (mine !== this.opening) return; // another was chosen meanwhile
    this.stopLoading?.();
    this.series.value = info;
    if (!info.shape) {
      this.view.volume.value = null;
      return;
    }
    const volume = new Volume(info);
    this.view.open(volume, slice, windowOf(info, window));
    const [, , z] = this.view.cross.peek();
    if (at) this.view.goTo([at[0] * volume.grid.spacing[0], at[1] * volume.grid.spacing[1], z]);
    await new Promise<void>((here) => {
      this.stopLoading = loadSlices(volume, {
        wanted: () => this.view.slice.peek(),
        arrived: () => {
          this.view.arrived.value += 1;
          here();
        },
        failed: (error) => {
          fail(error);
          here();
        },
      });
    });
    await painted();
  }

  /** Lays a drawing over the volume, or none. */
  async openDrawing(id: string | null): Promise<void> {
    const turn = ++this.turn;
    if (id === null) {
      batch(() => {
        this.drawing.value = this.heat.value = null;
        this.structures.value = this.problems.value = [];
        this.view.labels.value = this.view.heat.value = null;
      });
      return;
    }
    const [drawing, told] = await Promise.all([
      api.get<ResultWhole>(`/api/results/${id}`),
      api.get<Structures>(`/api/results/${id}/structures?lang=${lang.value}`),
    ]);
    if (turn !== this.turn) return;
    const rows = labelsOf(told.structures);
    batch(() => {
      this.drawing.value = drawing;
      this.heat.value = this.view.heat.value = null;
      this.structures.value = told.structures;
      this.problems.value = told.problems;
      this.view.labelColors.value = Object.fromEntries(rows.map((one) => [one.label, one.color]));
      this.view.labelStates.value = { ...openingLabels(rows), ...this.view.labelStates.peek() };
    });
    const { data } = await api.bytes(`/api/results/${drawing.id}/files/labels.nii.gz`);
    const map = await readNifti(data);
    const grid = this.view.volume.peek()?.grid;
    if (turn !== this.turn || !grid) return;
    const values = onGrid(map, grid);
    if (!(values instanceof Uint8Array || values instanceof Uint16Array)) throw new Error("A label map holds whole numbers.");
    this.view.labels.value = { data: values };
  }

  /** Lays shares or heat over the picture, or none. */
  async openHeat(file: HeatFile | null): Promise<void> {
    this.heat.value = file;
    const drawing = this.drawing.peek();
    if (!file || !drawing) {
      this.view.heat.value = null;
      return;
    }
    const { data } = await api.bytes(`/api/results/${drawing.id}/files/${file.path}`);
    const map = await readNifti(data);
    const grid = this.view.volume.peek()?.grid;
    if (!grid || this.heat.peek() !== file) return;
    const { slope, intercept } = map;
    const scale = file.method === "uncertainty" ? { slope: -slope, intercept: 1 - intercept } : { slope, intercept };
    this.view.heat.value = { name: file.method, kind: file.kind, data: onGrid(map, grid), ...scale };
  }

  close(): void {
    this.turn += 1;
    this.opening += 1;
    this.stopLoading?.();
    this.view.volume.value = null;
  }
}

/** After the next frame: what comes later does not keep the first slice from the screen. */
function painted(): Promise<void> {
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}

export function windowOf(info: SeriesInfo, asked: string | null): Window {
  const [center, width] = (asked ?? "").split(",").map(Number);
  if (center !== undefined && width !== undefined && Number.isFinite(center) && width > 0) return { name: "", center, width };
  const named = (name: string | null) => info.window.find((one) => one.name === name);
  return named(asked) ?? named(info.opening) ?? info.window[0] ?? { name: "", center: 50, width: 400 };
}

export class Desk {
  readonly reading = new Reading();
  readonly main = new Board(this.reading.view, this.reading.overlays);
  readonly other = new Board(this.reading.other, this.reading.overlays);
  readonly comparison = new Comparison(this);
  readonly cine = new Cine(this.reading);
  readonly study: Signal<StudyDetail | null> = signal(null);
  readonly priors: Signal<readonly StudyRow[]> = signal([]);
  /** Why nothing can be shown. */
  readonly obstacle: Signal<string | null> = signal(null);
  /** Forces an engine: "canvas" or "niivue". */
  readonly engine: Signal<string | null> = signal(null);
  /** The reader asks for another drawing, by another model perhaps. */
  readonly again = signal(false);
  /** The reader wants no drawing over the pictures, though there is one. */
  readonly bare = signal(false);
  /** What draws by the graphics card, while the panes stand. */
  card: CardEngine | null = null;
  readonly kept: KeptMeasures;
  private readonly stops: (() => void)[] = [];

  constructor() {
    this.kept = new KeptMeasures(this.reading.measures);
  }

  /** Opens a study where the address says. */
  async open(study: StudyDetail, query: URLSearchParams): Promise<void> {
    const place = readPlace(query);
    this.study.value = study;
    this.main.date.value = study.date;
    this.bare.value = place.drawing === "none";
    this.engine.value = place.engine;
    void this.kept.open(study.id).catch(fail);
    this.reading.layout.value = place.layout ?? "mpr3d";
    this.reading.plane.value = place.plane ?? "axial";
    if (place.slab) this.setSlab(place.slab.mode, place.slab.mm);
    const series = study.series.find((one) => one.id === place.series) ?? firstOf(study);
    if (!series) {
      this.obstacle.value = "no-series";
      return;
    }
    const drawing = this.drawingOf(study, place);
    await this.main.openSeries(series.id, place.slice, place.window, place.at);
    this.follow();
    if (!this.reading.view.volume.value) return;
    const fits = drawing && (!drawing.series_id || drawing.series_id === series.id);
    await this.main.openDrawing(fits ? drawing.id : null);
    this.priors.value = (await api.get<List<StudyRow>>(`/api/studies/${study.id}/priors`)).items;
    if (place.prior && place.layout === "compare") await this.comparison.open(place.prior);
  }

  private drawingOf(study: StudyDetail, place: Place): Result | null {
    const drawings = resultsOf(study, "drawing");
    return place.drawing === "none" ? null : (drawings.find((one) => one.id === place.drawing) ?? drawings[0] ?? null);
  }

  /** Writes what is open into the address. */
  private follow(): void {
    const { reading, main, comparison } = this;
    this.stops.push(
      effect(() => {
        const { name, center, width } = reading.view.window.value;
        setQuery({
          series: main.series.value?.id ?? null,
          k: reading.view.volume.value ? reading.view.slice.value : null,
          at: this.at(),
          window: name || `${Math.round(center)},${Math.round(width)}`,
          layout: reading.layout.value,
          plane: reading.plane.value === "axial" ? null : reading.plane.value,
          drawing: this.bare.value ? "none" : (main.drawing.value?.id ?? null),
          slab: reading.view.slab.value ? `${reading.view.slab.value.mode},${reading.view.slab.value.mm}` : null,
          prior: reading.layout.value === "compare" ? comparison.study.value : null,
        });
      }),
    );
  }

  /** Opens a drawing of the study, or takes it off the pictures. */
  async choose(drawing: string | null): Promise<void> {
    this.bare.value = drawing === null;
    await this.main.openDrawing(drawing);
  }

  /** Column and row of the cross-hair, for the address. */
  private at(): string | null {
    const { cross, volume } = this.reading.view;
    const grid = volume.value?.grid;
    if (!grid) return null;
    const [x, y] = grid.voxel(cross.value);
    return `${Math.round(x)},${Math.round(y)}`;
  }

  async changeSeries(id: string): Promise<void> {
    await this.main.openSeries(id, null, null);
    const study = this.study.peek();
    const drawing = study && resultsOf(study, "drawing").find((one) => one.series_id === id);
    await this.main.openDrawing(drawing?.id ?? null);
  }

  /** Goes to the middle of a finding, and marks it. */
  jump(row: StructureRow): void {
    if (!row.center_mm) return;
    batch(() => {
      this.reading.finding.value = row.id;
      this.reading.view.goToWorld(row.center_mm as Vec3);
      const { labelStates } = this.reading.view;
      const state = labelStates.value[row.label];
      if (state && !state.visible) labelStates.value = { ...labelStates.value, [row.label]: { ...state, visible: true } };
    });
  }

  /** To the next or previous lesion, or structure where there is no lesion. */
  jumpBy(step: number): void {
    const rows = this.main.structures.value.filter((one) => one.center_mm);
    const lesions = rows.filter((one) => one.kind === "lesion" || one.kind === "box");
    const among = lesions.length ? lesions : rows;
    if (!among.length) return;
    const now = among.findIndex((one) => one.id === this.reading.finding.value);
    this.jump(among[(now + step + (now < 0 && step < 0 ? 1 : 0) + among.length) % among.length]!);
  }

  /** Shows one preset; `n` from 1. */
  preset(n: number): void {
    const window = this.main.series.value?.window[n - 1];
    if (window) this.reading.view.window.value = window;
  }

  /** Shows several slices as one, at both dates; `null` shows each slice for itself again. */
  setSlab(mode: SlabMode | null, mm = this.reading.view.slab.peek()?.mm ?? SLAB_MM): void {
    batch(() => {
      for (const view of [this.reading.view, this.reading.other]) view.slab.value = mode && { mode, mm };
    });
  }

  /** The next kind of slab, and none after the last. */
  nextSlab(): void {
    const now = this.reading.view.slab.peek()?.mode;
    this.setSlab(SLAB_MODES[now ? SLAB_MODES.indexOf(now) + 1 : 0] ?? null);
  }

  /** The pictures as they opened. */
  reset(): void {
    const series = this.main.series.peek();
    this.cine.stop();
    this.setSlab(null);
    if (series) this.reading.view.reset(windowOf(series, null));
  }

  async draw(pack: string | null): Promise<void> {
    const [study, series] = [this.study.value, this.main.series.value];
    if (!study || !series) return;
    this.again.value = false;
    await startJob("draw", { study_id: study.id, options: { series_id: series.id, lang: lang.value, ...(pack ? { pack } : {}) } });
  }

  scene(): ReturnType<typeof asScene> {
    return asScene(this.main.structures.value);
  }

  close(): void {
    for (const stop of this.stops) stop();
    this.kept.close();
    this.cine.stop();
    this.comparison.close();
    this.main.close();
    this.other.close();
  }
}

/** The series to open: the largest that has a volume or may have one. */
function firstOf(study: StudyDetail): Series | null {
  const size = (one: Series) => (one.drawable ? 1e6 : 0) + (one.shape?.[0] ?? one.instances);
  const images = study.series.filter((one) => !["SEG", "SR", "PR", "KO", "DOC"].includes(one.modality));
  return [...images].sort((a, b) => size(b) - size(a))[0] ?? null;
}
