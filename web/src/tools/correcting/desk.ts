// What a person does on the Correct page: opens a drawing, takes up a draft, clicks, saves, and waits for the measures.
import { type Signal, effect, signal } from "@preact/signals";
import { ApiError, api } from "../../api/client";
import type { Job, ResultWhole } from "../../api/types";
import { jobs, loadJobs, take, watchJobs } from "../../model/jobs";
import { lang } from "../../model/look";
import { navigate, queryNumber, queryText, setQuery } from "../../model/place";
import { type ClickPoint, Correcting, PAINT_TOOLS, type PaintLabels } from "../../model/correcting/correcting";
import { carry, differing, newestOf, takeCarried } from "../../model/correcting/carried";
import { Drafts } from "../../model/correcting/draft";
import type { Edit } from "../../model/correcting/edits";
import { type ClickAnswer, niftiOf, packed, unpackMask } from "../../model/correcting/outgoing";
import type { Plane, Vec3 } from "../../model/reading/grid";
import { Reading } from "../../model/reading/reading";
import { enterResult, openStudy, resultsOf } from "../../model/study";
import { fail, notify } from "../../model/toasts";
import { say } from "../../model/words";
import { Board } from "../reading/desk";
import { Editor } from "./editor";

const ROUTE = "application/octet-stream";

export class CorrectDesk {
  readonly reading = new Reading();
  readonly board = new Board(this.reading.view, this.reading.overlays);
  readonly state = new Correcting();
  readonly result: Signal<ResultWhole | null> = signal(null);
  readonly editor: Signal<Editor | null> = signal(null);
  /** The correction that is being measured. */
  readonly job: Signal<Job | null> = signal(null);
  readonly sending = signal(false);
  /** Edits of a draft that were taken up. */
  readonly resumed = signal(0);
  /** What was accepted last: points outside that follow go on with it. */
  private accepted: { readonly points: readonly ClickPoint[]; readonly edit: Edit | null } | null = null;
  /** Whether it is under the hand again, and taken back meanwhile. */
  private reopened = false;
  private asked = 0;
  private again = false;
  private closed = false;
  private readonly stops: (() => void)[] = [];

  private readonly drafts: Drafts;
  private readonly leaving = (event: BeforeUnloadEvent): void => {
    if (["failed", "writing"].includes(this.state.kept.peek())) event.preventDefault(); // the browser asks
  };

  constructor(readonly id: string) {
    this.drafts = new Drafts(id);
    window.addEventListener("beforeunload", this.leaving);
    this.reading.layout.value = "mpr";
    this.reading.tool.value = "cross";
  }

  async open(result: ResultWhole): Promise<void> {
    this.result.value = result;
    if (!result.series_id) return;
    const told = api.get<PaintLabels>(`/api/results/${this.id}/labels?lang=${lang.peek()}`);
    await this.board.openSeries(result.series_id, queryNumber("k"), queryText("window") || null);
    await this.board.openDrawing(result.id);
    const view = this.reading.view;
    const [volume, drawn] = [view.volume.peek(), view.labels.peek()];
    if (this.closed || !volume || !drawn) return;
    this.takeLabels(await told);
    const base = drawn.data as Uint8Array<ArrayBuffer>;
    const editor = new Editor(base.slice(), base, volume, view, this.state, this.drafts);
    this.resumed.value = await editor.resume().catch((error: unknown) => {
      fail(error);
      return 0;
    });
    const carried = takeCarried(this.id);
    if (carried) {
      editor.takeOver(carried);
      this.drafts.settled().then(() => { if (!this.drafts.unkept) carried.arrived(); }, fail);
    }
    view.labels.value = { data: editor.labels };
    this.editor.value = editor;
    this.follow();
  }

  private takeLabels(told: PaintLabels): void {
    const { state } = this;
    const view = this.reading.view;
    state.labels.value = told.items;
    state.asked.value = told.clicks;
    view.labelColors.value = Object.fromEntries(told.items.map((one) => [one.value, one.color]));
    const opening = (kind: string) => ({ visible: kind !== "tissue", opacity: kind === "lesion" ? 0.6 : 0.25 });
    view.labelStates.value = Object.fromEntries(told.items.map((one) => [one.value, opening(one.kind)]));
    const asked = queryNumber("label");
    const lesion = told.items.find((one) => one.kind === "lesion") ?? told.items[0];
    state.active.value = told.items.find((one) => one.value === asked)?.value ?? lesion?.value ?? 0;
    state.tool.value = PAINT_TOOLS.find((one) => one === queryText("tool")) ?? "brush";
  }

  /** Writes what is open into the address; watches the job; forgets what a click proposed when another label is taken. */
  private follow(): void {
    const { state, reading } = this;
    this.stops.push(
      effect(() => {
        const { name, center, width } = reading.view.window.value;
        const window = name || `${Math.round(center)},${Math.round(width)}`;
        setQuery({ k: reading.view.slice.value, label: state.active.value, tool: state.tool.value, window });
      }),
      effect(() => {
        void state.active.value;
        this.forget();
      }),
      effect(() => {
        if (!state.asked.value.includes(state.active.value)) state.method.value = "graph-cut";
      }),
      watchJobs((job) => {
        if (job.kind === "correct" && job.result_id === this.id) this.took(job);
      }),
    );
    const mine = (one: Job) => one.kind === "correct" && one.result_id === this.id && one.state !== "cancelled";
    const known = () => jobs.peek().find(mine);
    const start = known();
    if (start) this.took(start);
    else loadJobs().then(() => { const job = known(); if (job && !this.job.peek()) this.took(job); }, fail);
  }

  private took(job: Job): void {
    const before = this.job.peek();
    this.job.value = job;
    if (job.state !== "done" || !job.made_id || before?.id !== job.id) return;
    const to = job.made_id;
    const on = (): void => { if (!this.closed) navigate(`/correct/${to}`); };
    this.state.kept.value = "none";
    this.drafts.clear().then(on, on); // one that stays is taken away at the next login
  }

  /** A point of a click, inside or outside what is meant. */
  point(at: Vec3, inside: boolean): void {
    const grid = this.reading.view.volume.peek()!.grid;
    const ijk = grid.voxel(at).map(Math.round) as unknown as Vec3;
    if (ijk.some((one, axis) => one < 0 || one >= grid.size[axis]!)) return;
    if (!inside && !this.state.points.peek().length) this.reopen();
    this.state.points.value = [...this.state.points.value, { ijk, inside }];
    void this.ask();
  }

  /** A point outside after a click was accepted corrects that one: its region is replaced, not added to. */
  private reopen(): void {
    const [accepted, editor] = [this.accepted, this.editor.peek()];
    if (!accepted?.edit || !editor || editor.newest !== accepted.edit) return;
    editor.undo();
    this.reopened = true;
    this.state.points.value = accepted.points;
  }

  /** The hand turns to something else: what was accepted stands as it was. */
  putDown(): void {
    if (this.reopened) this.forget();
  }

  unpoint(): void {
    this.state.points.value = this.state.points.value.slice(0, -1);
    if (this.state.points.value.some((one) => one.inside)) void this.ask();
    else this.state.found.value = this.state.taken.value = null;
  }

  async ask(): Promise<void> {
    const { state } = this;
    const points: readonly ClickPoint[] = state.points.peek();
    if (!points.some((one) => one.inside)) return;
    if (state.asking.peek()) {
      this.again = true; // one at a time; the last points are asked when the answer is here
      return;
    }
    const turn = ++this.asked;
    state.asking.value = true;
    try {
      const body = { label: state.active.peek(), method: state.method.peek(), points };
      const answer = await api.post<ClickAnswer>(`/api/results/${this.id}/click`, body);
      const found = await unpackMask(answer);
      if (turn === this.asked) {
        state.taken.value = this.editor.peek()?.leak(found) ?? null;
        state.found.value = found;
      }
    } catch (error) {
      fail(error);
    } finally {
      state.asking.value = false;
      if (this.again) {
        this.again = false;
        void this.ask();
      }
    }
  }

  accept(): void {
    const { found, taken, points } = this.state;
    const [now, editor] = [found.peek(), this.editor.peek()];
    if (!now || !editor || this.state.asking.peek()) return; // what the last points say is on its way
    this.accepted = { points: points.peek(), edit: editor.accept(now, taken.peek()) };
    this.reopened = false;
    this.forget();
  }

  forget(): void {
    this.asked += 1;
    this.state.points.value = [];
    this.state.found.value = this.state.taken.value = null;
    this.state.outside.value = false;
    if (!this.reopened) return;
    this.reopened = false;
    this.editor.peek()?.redo();
  }

  fill(plane: Plane, at: Vec3): void {
    if (this.editor.peek()?.fill(plane, at) === false) notify("note", say("correct.not_closed"), say("correct.not_closed_hint"));
  }

  interpolate(): void {
    const n = this.editor.peek()?.interpolate() ?? 0;
    if (n) notify("good", say("correct.between_done", { n }));
    else notify("note", say("correct.between_none"), say("correct.between_hint"));
  }

  /** The map as it is sent: gzipped NIfTI. */
  async exported(): Promise<ArrayBuffer> {
    return packed(niftiOf(this.editor.peek()!.labels, this.reading.view.volume.peek()!.grid));
  }

  /** When all edits are in this browser's database. */
  async kept(): Promise<void> {
    await this.drafts.settled();
  }

  /** Saves the map as a new version. The draft stays until the version is there. */
  async save(): Promise<void> {
    const [editor, result] = [this.editor.peek(), this.result.peek()];
    if (!editor || !result || this.sending.peek()) return;
    this.putDown();
    this.sending.value = true;
    try {
      const body = await this.exported();
      const headers = {
        "X-Base": String(result.version),
        "X-Comment": encodeURIComponent(this.state.comment.peek()),
        "Content-Type": ROUTE,
      };
      const job = await api.sendBytes<Job>("POST", `/api/results/${this.id}/corrections`, body, { headers });
      this.job.value = job;
      take(job);
      await this.drafts.sent(job.id).catch(() => undefined); // known where the page is left before it is there
    } catch (error) {
      fail(error);
      if (error instanceof ApiError && error.status === 409) this.result.value = await enterResult(this.id).catch(() => result);
    } finally {
      this.sending.value = false;
    }
  }

  /** Takes the edits to the newest version, which somebody saved meanwhile. */
  carryOn(): void {
    this.putDown();
    const [editor, study] = [this.editor.peek(), openStudy.peek()];
    const newest = study && newestOf(this.id, resultsOf(study, "drawing"));
    if (!editor || !newest) return;
    const arrived = (): void => void this.drafts.clear().catch(() => undefined);
    carry({ to: newest.id, ...differing(editor.labels, editor.base), comment: this.state.comment.peek(), arrived });
    navigate(`/correct/${newest.id}`);
  }

  /** Whether the map may be changed now. */
  get free(): boolean {
    const state = this.job.value?.state;
    return !this.sending.value && state !== "queued" && state !== "running";
  }

  close(): void {
    this.closed = true;
    this.editor.peek()?.end(); // a stroke that was in the hand is kept
    window.removeEventListener("beforeunload", this.leaving);
    for (const stop of this.stops) stop();
    this.board.close();
  }
}
