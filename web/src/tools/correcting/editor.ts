// Changes the label map: strokes, fills, erasures, what a click found; each is one edit that can be taken back.
import { batch } from "@preact/signals";
import { closedArea, between as along, eachInBrush } from "../../model/correcting/brush";
import { betweenSlices } from "../../model/correcting/between";
import type { Carried } from "../../model/correcting/carried";
import type { Correcting } from "../../model/correcting/correcting";
import { isDone } from "../../model/drafts/sweep";
import type { Drafts } from "../../model/correcting/draft";
import { type Edit, History, type Labels, Stroke, redo } from "../../model/correcting/edits";
import { leakOf } from "../../model/correcting/leak";
import { type Found, voxelsOf } from "../../model/correcting/outgoing";
import type { Plane, Vec3 } from "../../model/reading/grid";
import type { View } from "../../model/reading/reading";
import type { Volume } from "../../model/reading/series";

export class Editor {
  private readonly history = new History();
  private stroke: Stroke | null = null;
  private last: Vec3 | null = null;

  constructor(
    /** The map that is corrected. */
    readonly labels: Labels,
    /** The map as it was drawn. */
    readonly base: Labels,
    private readonly volume: Volume,
    private readonly view: View,
    private readonly state: Correcting,
    private readonly drafts: Drafts,
  ) {}

  /** Takes up a draft: what stood is done again, what was undone can be done again. */
  async resume(): Promise<number> {
    const draft = await this.drafts.read();
    if (!draft) return 0;
    if (draft.sent && (await isDone(draft.sent))) {
      await this.drafts.clear(); // it became a version while nobody looked
      return 0;
    }
    this.drafts.takeUp(draft);
    for (const one of draft.edits) {
      redo(this.labels, one);
      this.history.push(one);
    }
    for (let n = draft.edits.length; n > draft.done; n--) this.history.undo(this.labels);
    this.state.comment.value = draft.comment;
    this.state.kept.value = draft.done ? "kept" : "none";
    this.shown();
    return draft.done;
  }

  /** Puts the brush down. */
  begin(plane: Plane, at: Vec3): void {
    this.stroke = new Stroke(this.labels);
    this.last = null;
    this.go(plane, at);
  }

  /** Moves it on. */
  go(plane: Plane, at: Vec3): void {
    const { stroke, state, volume } = this;
    if (!stroke) return;
    const brush = { radius_mm: state.radius_mm.value, deep: state.deep.value };
    const put = this.putter(stroke);
    const grid = volume.grid;
    const step = Math.max(Math.min(...grid.spacing), brush.radius_mm / 2);
    for (const point of this.last ? along(this.last, at, step) : [at]) eachInBrush(grid, plane, point, brush, put);
    this.last = at;
    this.repaint();
  }

  /** Lifts it: the stroke is an edit. */
  end(): void {
    const edit = this.stroke?.end();
    this.stroke = null;
    if (edit) this.keep(edit);
  }

  /** Fills the closed area under a point; false where it is not closed. */
  fill(plane: Plane, at: Vec3): boolean {
    const area = closedArea(this.labels, this.volume.grid, plane, at);
    if (!area) return false;
    this.write((put) => area.forEach(put));
    return true;
  }

  /** Fills slices between those that were painted since the last version; how many voxels it added. */
  interpolate(): number {
    const { labels, base, state, volume } = this;
    const value = state.active.value;
    const missing = betweenSlices(volume.grid, (index) => labels[index] === value && base[index] !== value);
    return this.write((put) => missing.forEach(put));
  }

  /** Takes what a click found, and takes away what points outside leave over, as one edit. */
  accept(found: Found, taken: Found | null): Edit | null {
    const stroke = new Stroke(this.labels);
    const [add, take] = [this.putter(stroke, "brush"), this.putter(stroke, "erase")];
    if (taken) for (const index of voxelsOf(taken, this.volume.grid)) take(index);
    for (const index of voxelsOf(found, this.volume.grid)) add(index);
    const edit = stroke.end();
    if (edit) this.keep(edit);
    return edit;
  }

  /** Does to this map what was done to another version of it; how many edits that makes. */
  takeOver({ at, after, comment }: Carried): number {
    const stroke = new Stroke(this.labels);
    at.forEach((index, n) => stroke.set(index, after[n]!));
    const edit = stroke.end();
    this.state.comment.value ||= comment;
    if (edit) this.keep(edit);
    return edit ? 1 : 0;
  }

  /** What the points outside leave over of the label in hand. */
  leak(found: Found): Found | null {
    return leakOf(this.labels, this.volume.grid, this.state.active.peek(), found, this.state.points.peek());
  }

  /** The edit that undo takes back. */
  get newest(): Edit | null {
    return this.history.newest;
  }

  undo(): void {
    if (this.stroke || !this.history.undo(this.labels)) return;
    this.moved();
  }

  redo(): void {
    if (this.stroke || !this.history.redo(this.labels)) return;
    this.moved();
  }

  /** Back to what was drawn; the draft is gone. */
  async discard(): Promise<void> {
    this.labels.set(this.base);
    this.history.clear();
    await this.drafts.clear().catch(() => undefined); // where nothing could be kept, nothing is left
    this.state.comment.value = "";
    this.state.unkept.value = 0;
    this.state.kept.value = "none";
    this.shown();
  }

  /** The comment belongs to the draft. */
  noted(comment: string): void {
    this.state.comment.value = comment;
    this.told(this.drafts.move(this.history.standing, comment));
  }

  /** Voxels that differ from what was drawn. */
  changed(): number {
    let n = 0;
    for (let index = 0; index < this.labels.length; index++) if (this.labels[index] !== this.base[index]) n += 1;
    return n;
  }

  private write(work: (put: (index: number) => void) => void): number {
    const stroke = new Stroke(this.labels);
    work(this.putter(stroke, "brush"));
    const edit = stroke.end();
    if (edit) this.keep(edit);
    return stroke.size;
  }

  /** Writes the label in hand, or takes it away; what is locked stays. */
  private putter(stroke: Stroke, as = this.state.tool.value): (index: number) => void {
    const { labels, state, volume } = this;
    const [active, under, locked] = [state.active.value, state.under.value, state.locked.value];
    if (locked.has(active)) return () => undefined;
    if (as === "erase") {
      return (index) => {
        if (labels[index] === active) stroke.set(index, under);
      };
    }
    const { on, low, high } = state.range.value;
    const limited = on && as === "brush" && stroke === this.stroke;
    const { slope, intercept } = volume.info;
    return (index) => {
      if (locked.has(labels[index]!)) return;
      if (limited) {
        const value = volume.data[index]! * slope + intercept;
        if (value < low || value > high) return;
      }
      stroke.set(index, active);
    };
  }

  private keep(edit: Edit): void {
    const n = this.history.standing;
    this.history.push(edit);
    this.told(this.drafts.add(n, edit, this.state.comment.peek()));
    this.shown();
  }

  private moved(): void {
    this.told(this.drafts.move(this.history.standing, this.state.comment.peek()));
    this.shown();
  }

  /** Says where the edits are. Once one of them was not kept, that is said until all of them are. */
  private told(writing: Promise<void>): void {
    const { kept, unkept } = this.state;
    if (kept.peek() !== "failed") kept.value = "writing";
    writing.then(
      () => {
        if (this.drafts.unkept) return; // one that was made since is on its way
        unkept.value = 0;
        kept.value = this.history.standing ? "kept" : "none";
      },
      () => {
        unkept.value = this.drafts.unkept;
        kept.value = "failed"; // said beside the button that saves, with what to do
      },
    );
  }

  private shown(): void {
    batch(() => {
      this.state.undos.value = this.history.undos;
      this.state.redos.value = this.history.redos;
      this.state.edits.value = this.history.standing;
      this.repaint();
    });
  }

  private repaint(): void {
    this.view.labels.value = { data: this.labels };
  }
}
