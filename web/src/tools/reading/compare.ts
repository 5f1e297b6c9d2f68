// Two dates of one patient side by side: what moves in one moves in the other, by the chosen link.
import { type Signal, batch, effect, signal, untracked } from "@preact/signals";
import { api } from "../../api/client";
import type { StudyDetail } from "../../api/types";
import { type Vec3, minus } from "../../model/reading/grid";
import { type LinkBasis, type LinkMode, linked, suits } from "../../model/reading/link";
import type { View } from "../../model/reading/reading";
import { resultsOf } from "../../model/study";
import type { Board, Desk } from "./desk";

export class Comparison {
  readonly study: Signal<string | null> = signal(null);
  readonly detail: Signal<StudyDetail | null> = signal(null);
  readonly mode: Signal<LinkMode> = signal("free");
  private offset: Vec3 | null = null;
  private readonly brought = new WeakSet<object>();
  private readonly stops: (() => void)[] = [];

  constructor(private readonly desk: Desk) {}

  /** Opens another study beside this one: its largest volume of the same modality. */
  async open(id: string): Promise<void> {
    this.close();
    this.study.value = id;
    const study = await api.get<StudyDetail>(`/api/studies/${id}`);
    if (this.study.peek() !== id) return; // another date was chosen meanwhile
    this.detail.value = study;
    this.desk.other.date.value = study.date;
    const { main, other, reading } = this.desk;
    const modality = main.series.value?.modality;
    const series = study.series
      .filter((one) => one.modality === modality)
      .sort((a, b) => (b.shape?.[0] ?? b.instances) - (a.shape?.[0] ?? a.instances))[0];
    if (!series) return;
    await other.openSeries(series.id, null, null);
    if (this.study.peek() !== id) return;
    reading.other.window.value = reading.view.window.value;
    this.stops.push(this.link(reading.view, reading.other), this.link(reading.other, reading.view));
    await other.openDrawing(resultsOf(study, "drawing").find((one) => one.series_id === series.id)?.id ?? null);
    this.setMode(suits(this.livers(main, other)));
  }

  /** Chooses the link; by hand it keeps what is beside what now. */
  setMode(mode: LinkMode): void {
    const { view, other } = this.desk.reading;
    const [from, to] = [view.volume.value?.grid, other.volume.value?.grid];
    if (mode === "hand" && from && to) this.offset = minus(to.world(other.cross.value), from.world(view.cross.value));
    this.mode.value = mode;
    if (mode !== "free" && mode !== "hand") this.bring(view, other);
  }

  get canLiver(): boolean {
    return this.livers(this.desk.main, this.desk.other) !== null;
  }

  private livers(main: Board, other: Board): readonly [Vec3, Vec3] | null {
    const liver = (board: Board) => board.structures.value.find((one) => one.id === "liver")?.center_mm;
    const [a, b] = [liver(main), liver(other)];
    return a && b ? [a, b] : null;
  }

  private link(from: View, to: View): () => void {
    return effect(() => {
      const { cross, camera, window } = from;
      const moved = !this.brought.has(cross.value) || !this.brought.has(camera.value);
      to.window.value = window.value;
      if (moved) untracked(() => this.bring(from, to));
    });
  }

  /** Moves one view after the other. What it sets is remembered: the moved one must not answer. */
  private bring(from: View, to: View): void {
    const basis = this.basis(from, to);
    if (!basis) return;
    const cross = linked(this.mode.value, from.cross.value, basis);
    const center = linked(this.mode.value, from.camera.value.center, basis);
    batch(() => {
      if (cross) this.brought.add((to.cross.value = basis.to.clamped(cross)));
      if (center) this.brought.add((to.camera.value = { center, zoom: from.camera.value.zoom }));
    });
  }

  private basis(from: View, to: View): LinkBasis | null {
    const [a, b] = [from.volume.value?.grid, to.volume.value?.grid];
    if (!a || !b) return null;
    const { main, other, reading } = this.desk;
    const ahead = from === reading.view;
    const livers = this.livers(main, other);
    const [x, y, z] = this.offset ?? [0, 0, 0];
    return {
      from: a,
      to: b,
      livers: livers && (ahead ? livers : [livers[1], livers[0]]),
      offset: this.offset && (ahead ? this.offset : [-x, -y, -z]),
    };
  }

  close(): void {
    for (const stop of this.stops.splice(0)) stop();
    this.desk.other.close();
    this.study.value = this.detail.value = null;
  }
}
