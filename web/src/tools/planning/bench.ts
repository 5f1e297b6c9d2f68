// The planner's bench: what is planned on, what was found, and the one needle and the one cut that are in the hand.
import { computed, signal } from "@preact/signals";
import { ApiError } from "../../api/client";
import { PlannerApi } from "../../api/planner";
import { type Cut, freshPlane } from "../../model/planning/cuts";
import { type Draft, MOST, draftOf, keepPaths, pathsFile, recallPaths } from "../../model/planning/drafts";
import { type CutAnswer, type Path, type PlannerState, type Resection, bytesOf } from "../../model/planning/forms";
import { Latest } from "../../model/planning/live";
import { notify } from "../../model/toasts";
import { say } from "../../model/words";
import { type Vec, acrossSkin, add, distance, times, unit, sub } from "../../model/planning/vectors";

export type Mode = "needle" | "resection";
export type Held = "entry" | "tip";

export interface Line {
  readonly entry_mm: Vec;
  readonly target_mm: Vec;
}

/** A cut with what it leaves; `answer` is null until the server told its sides. */
export interface CutInHand {
  readonly from: string;
  readonly cut: Cut;
  readonly resection: Resection | null;
  readonly answer: CutAnswer | null;
}

/** How often one asks how far it is: while nothing stands, and while the liver follows. */
const [SOON_MS, LATER_MS] = [300, 1000];
const STILL_MM = 0.05;

export class Bench {
  readonly api: PlannerApi;
  readonly state = signal<PlannerState | null>(null);
  readonly error = signal<string | null>(null);
  readonly mode = signal<Mode>("needle");
  readonly target = signal<string | null>(null);
  /** Id of the chosen path or draft. */
  readonly chosen = signal<string | null>(null);
  readonly line = signal<Line | null>(null);
  /** The needle in the hand, judged; null before the first answer. */
  readonly path = signal<Path | null>(null);
  readonly held = signal<Held>("entry");
  readonly asking = signal(false);
  readonly probe = signal<string | null>(null);
  readonly drafts = signal<readonly Draft[]>([]);
  readonly compared = signal<readonly string[]>([]);
  readonly cut = signal<CutInHand | null>(null);
  readonly cutPart = signal(0);
  readonly spent_ms = signal(0);

  readonly offered = computed(() => this.state.value?.needles?.paths ?? []);
  readonly own = computed(() => this.drafts.value.filter((one) => one.target === this.target.value));
  /** Whether the needle in the hand stands elsewhere than the path it was taken from. */
  readonly moved = computed(() => {
    const [from, line] = [this.find(this.chosen.value), this.line.value];
    if (!line) return false;
    return !from || distance(from.entry_mm, line.entry_mm) > STILL_MM || distance(from.target_mm, line.target_mm) > STILL_MM;
  });

  /** Whether this browser keeps the drafts; else they live as long as the page. */
  readonly kept = signal(true);
  private readonly recalled: Promise<void>;
  private ended = false;
  private round = 0;

  readonly needleAsks = new Latest<Line & { probe: string | null; target: string }, Path>(
    ({ target, entry_mm, target_mm, probe }) => this.api.score(target, entry_mm, target_mm, probe),
    (asked, path) => this.judged(asked, path),
    (error) => this.failed(error),
  );
  readonly cutAsks = new Latest<{ target: string; cut: Cut; surface: boolean }, CutAnswer>(
    ({ target, cut, surface }) => this.api.cut(target, cut, surface),
    (asked, answer) => this.cutJudged(asked.cut, answer),
    (error) => this.failed(error),
  );

  constructor(private readonly drawing: string) {
    this.api = new PlannerApi(drawing);
    this.recalled = recallPaths(drawing).then(
      (found) => void (this.drafts.value = found),
      (error: unknown) => this.notKept(error),
    );
  }

  /** Plans for a target (null: the largest) and follows until all is found. */
  async open(target: string | null): Promise<void> {
    const round = ++this.round;
    this.state.value = null;
    this.error.value = null;
    this.chosen.value = this.line.value = this.path.value = this.cut.value = null;
    this.compared.value = [];
    await this.recalled;
    for (;;) {
      const state = await this.asked(target);
      if (state === null || this.ended || round !== this.round) return;
      this.state.value = state;
      this.target.value = state.target;
      const first = state.needles?.paths[0];
      if (first && this.chosen.value === null) this.choose(first.id);
      if (state.step === "done") return;
      await new Promise((done) => setTimeout(done, state.needles ? LATER_MS : SOON_MS));
    }
  }

  end(): void {
    this.ended = true;
  }

  private async asked(target: string | null): Promise<PlannerState | null> {
    try {
      return await this.api.state(target);
    } catch (error) {
      this.failed(error);
      return null;
    }
  }

  find(id: string | null): Path | null {
    return this.offered.value.find((one) => one.id === id) ?? this.own.value.find((one) => one.id === id)?.path ?? null;
  }

  choose(id: string): void {
    const path = this.find(id);
    if (!path) return;
    this.chosen.value = id;
    this.line.value = { entry_mm: path.entry_mm, target_mm: path.target_mm };
    this.path.value = path;
    if (this.probe.value !== null || id.startsWith("draft")) this.ask(); // a draft may be older than the rules
  }

  /** Moves the needle; the answer comes by itself. */
  place(line: Partial<Line>): void {
    const before = this.line.value;
    if (!before) return;
    this.line.value = { ...before, ...line };
    this.ask();
  }

  /** Moves what is held over the skin, seen from outside with the head up, by mm; the tip also along the needle. */
  nudge(right: number, up: number, deeper: number): void {
    const line = this.line.value;
    if (!line) return;
    const across = acrossSkin(line.entry_mm, line.target_mm);
    const step = add(times(across.right, right), times(across.up, up));
    if (this.held.value === "entry") return this.place({ entry_mm: add(line.entry_mm, step) });
    const inward = unit(sub(line.target_mm, line.entry_mm));
    this.place({ target_mm: add(add(line.target_mm, step), times(inward, deeper)) });
  }

  /** Puts the needle back to where it was offered. */
  back(): void {
    if (this.chosen.value) this.choose(this.chosen.value);
  }

  laid(probe: string | null): void {
    this.probe.value = probe;
    this.ask();
  }

  ask(): void {
    const [line, target] = [this.line.value, this.target.value];
    if (!line || !target) return;
    this.asking.value = true;
    this.needleAsks.put({ ...line, probe: this.probe.value, target });
  }

  private judged(asked: Line & { target: string }, path: Path): void {
    if (asked.target !== this.target.value) return;
    this.error.value = null;
    this.path.value = path;
    this.spent_ms.value = this.needleAsks.spent_ms;
    const now = this.line.value;
    const newest = now && now.entry_mm === asked.entry_mm && now.target_mm === asked.target_mm;
    if (!newest) return;
    this.asking.value = false;
    this.line.value = { entry_mm: path.entry_mm, target_mm: path.target_mm }; // where it leaves the body
  }

  keep(): void {
    const [path, target] = [this.path.value, this.target.value];
    if (!path || !target) return;
    const before = this.drafts.value;
    if (before.length >= MOST) return void notify("bad", say("plan.drafts_full", { n: MOST }), say("plan.drafts_full_detail"));
    const made = draftOf(target, path, before);
    this.put([...before, made]);
    this.choose(made.id);
  }

  drop(id: string): void {
    this.put(this.drafts.value.filter((one) => one.id !== id));
    this.compared.value = this.compared.value.filter((one) => one !== id);
    if (this.chosen.value === id) this.choose(this.offered.value[0]?.id ?? "");
  }

  private put(drafts: readonly Draft[]): void {
    this.drafts.value = drafts;
    keepPaths(this.drawing, drafts).then(
      () => (this.kept.value = true),
      (error: unknown) => this.notKept(error),
    );
  }

  private notKept(error: unknown): void {
    this.kept.value = false;
    notify("bad", say("drafts.not_kept"), error instanceof Error && error.name === "Error" ? error.message : say("plan.not_kept_detail"));
  }

  exported(): string {
    return pathsFile(this.drawing, this.drafts.value);
  }

  /** Two at most; a third takes the place of the first. */
  compare(id: string): void {
    const before = this.compared.value;
    this.compared.value = before.includes(id) ? before.filter((one) => one !== id) : [...before, id].slice(-2);
  }

  /** Takes a proposed resection into the hand. */
  take(resection: Resection): void {
    this.cut.value = { from: resection.name, cut: resection.cut, resection, answer: null };
    this.cutPart.value = 0;
    this.askCut(true);
  }

  /** A plane of one's own beside the tumour. */
  takePlane(liver_mm: Vec): void {
    const told = this.state.value?.resection;
    if (!told) return;
    const radius = Math.cbrt((3 * told.tumor_ml * 1000) / (4 * Math.PI));
    this.cut.value = { from: "", cut: freshPlane(told.target_mm, liver_mm, told.rules.margin_mm, radius), resection: null, answer: null };
    this.cutPart.value = 0;
    this.askCut(true);
  }

  moveCut(cut: Cut, still: boolean): void {
    const before = this.cut.value;
    if (!before) return;
    this.cut.value = { ...before, cut };
    this.askCut(still);
  }

  askCut(surface: boolean): void {
    const [held, target] = [this.cut.value, this.target.value];
    if (held && target) this.cutAsks.put({ target, cut: held.cut, surface });
  }

  private cutJudged(cut: Cut, answer: CutAnswer): void {
    const held = this.cut.value;
    if (!held) return;
    this.error.value = null;
    this.spent_ms.value = this.cutAsks.spent_ms;
    // while it moves on, sides of a moment ago are shown, its own surface is not
    const surface = held.cut === cut ? answer : { ...answer, points: null, faces: null };
    this.cut.value = { ...held, resection: answer.resection, answer: surface };
  }

  private failed(error: unknown): void {
    this.asking.value = false;
    if (error instanceof ApiError && error.status === 503) return; // a later question took its place
    this.error.value = error instanceof ApiError ? error.detail || error.title : String(error);
  }
}

/** The parts of an answer that the scene takes, out of base64. */
export function sidesOf(answer: CutAnswer): { sides: Int8Array; flow: Uint8Array } {
  return { sides: new Int8Array(bytesOf(answer.sides).buffer), flow: bytesOf(answer.flow) };
}

export function surfaceOf(answer: CutAnswer): { points: Float32Array; faces: Uint32Array } | null {
  if (!answer.points || !answer.faces) return null;
  return { points: new Float32Array(bytesOf(answer.points).buffer), faces: new Uint32Array(bytesOf(answer.faces).buffer) };
}
