// Measurements on the server: what the reader measures here is kept with the study, and what others measured is shown.
//
// A change is a draft in this browser first, and stays one until the server has taken it, so that neither a reload nor a
// line that is down loses it. Where two machines changed one measurement, the server's stands and the reader is told.
import { type Signal, effect, signal } from "@preact/signals";
import { ApiError, api } from "../../api/client";
import type { List } from "../../api/types";
import type { MeasureTold } from "../../api/schema";
import { type MeasureDraft, keep, recall } from "../../model/reading/memory";
import { type Measure, isFree, newMeasureId } from "../../model/reading/measure";
import { fail } from "../../model/toasts";

const SETTLE_MS = 300;
const AGAIN_MS = 5000;
const OURS = /^[0-9a-f]{24}$/;

/** As the server has it. */
interface Known {
  readonly version: number;
  readonly shape: string;
}

export class KeptMeasures {
  /** Changes that the server has not taken. */
  readonly waiting = signal(0);
  private study = "";
  /** Whether the server has told what it has. */
  private loaded = false;
  private known = new Map<string, Known>();
  private timer = 0;
  private sending: Promise<void> | null = null;
  private stop: () => void = () => undefined;
  private readonly online = (): void => void this.send().catch(fail);

  constructor(private readonly measures: Signal<readonly Measure[]>) {}

  /** Brings what was measured in a study, and goes on keeping it. */
  async open(study: string): Promise<void> {
    [this.study, this.loaded] = [study, false];
    const drafts = await recall(study);
    try {
      await this.load(() => together(drafts, this.drafts()));
    } catch (error) {
      const all = together(drafts, this.drafts());
      // what the server has is not known, so each draft keeps the version that it was made from, and removals stay
      this.known = new Map(all.filter((one) => one.version).map((one) => [one.id, { version: one.version!, shape: "" }]));
      this.measures.value = all.filter((one) => !one.removed);
      throw error;
    } finally {
      this.stop = effect(() => {
        void this.measures.value;
        this.soon();
      });
      window.addEventListener("online", this.online);
    }
  }

  /** Reads all of the study again; what is not sent yet stays. */
  async load(waiting: () => readonly MeasureDraft[] = () => this.drafts()): Promise<void> {
    const { items } = await api.get<List<MeasureTold>>(`/api/studies/${this.study}/measures`);
    const drafts = waiting(); // with what was drawn while the server was asked
    this.loaded = true;
    this.known = new Map(items.filter((one) => one.mine).map((one) => [one.id, knownOf(one)]));
    const mine = new Map(drafts.map((one) => [OURS.test(one.id) ? one.id : newMeasureId(), one]));
    const kept = items.flatMap((one): Measure[] => {
      const draft = one.mine && !one.signed ? mine.get(one.id) : undefined;
      mine.delete(one.id);
      if (!draft || draft.version !== one.version) return [measureOf(one)];
      return draft.removed ? [] : [plain(draft, one.id)];
    });
    const fresh = [...mine].filter(([, one]) => !one.removed && !one.version).map(([id, one]) => plain(one, id));
    this.measures.value = [...kept, ...fresh];
  }

  /** Resolves when the server has all; the versions of these, for a signature. */
  async seen(measures: readonly Measure[]): Promise<{ id: string; version: number }[]> {
    await this.send();
    return measures.map(({ id }) => ({ id, version: this.known.get(id)?.version ?? 1 }));
  }

  close(): void {
    this.stop();
    window.removeEventListener("online", this.online);
    if (this.timer) void this.send().catch(fail);
    window.clearTimeout(this.timer);
  }

  /** What differs from the server, here and there. */
  private drafts(): MeasureDraft[] {
    const here = new Map(this.measures.peek().filter(isFree).map((one) => [one.id, one]));
    const held = new Set(this.measures.peek().map((one) => one.id));
    const version = (id: string): number => this.known.get(id)?.version ?? 0;
    const changed = [...here.values()].filter((one) => this.known.get(one.id)?.shape !== shapeOf(one));
    const removed = [...this.known.keys()].filter((id) => !held.has(id));
    return [
      ...changed.map((one) => ({ ...one, version: version(one.id) })),
      ...removed.map((id) => ({ ...NOTHING, id, version: version(id), removed: true })),
    ];
  }

  /** Sends soon, when the hand has come to rest. */
  private soon(): void {
    const waiting = this.note();
    window.clearTimeout(this.timer);
    this.timer = waiting ? window.setTimeout(() => void this.send().catch(fail), SETTLE_MS) : 0;
  }

  /** Sends what waits, one after the other; whoever asks meanwhile gets the same. */
  private send(): Promise<void> {
    this.sending ??= this.sendAll().finally(() => (this.sending = null));
    return this.sending;
  }

  private async sendAll(): Promise<void> {
    window.clearTimeout(this.timer);
    this.timer = 0;
    if (!this.loaded) await this.load().catch((error: unknown) => this.later(error));
    for (let drafts = this.drafts(); drafts.length; drafts = this.drafts()) {
      try {
        await this.sendOne(drafts[0]!);
      } catch (error) {
        if (error instanceof ApiError && [403, 404, 409, 422].includes(error.status)) {
          await this.load(() => this.drafts().filter((one) => one.id !== drafts[0]!.id)); // the server's stands
        } else {
          this.later(error);
        }
        throw error;
      } finally {
        this.note();
      }
    }
  }

  /** The server does not answer: it is asked again. */
  private later(error: unknown): never {
    this.timer = window.setTimeout(() => void this.send().catch(() => undefined), AGAIN_MS);
    throw error;
  }

  private async sendOne(draft: MeasureDraft): Promise<void> {
    const path = `/api/studies/${this.study}/measures/${draft.id}`;
    if (draft.removed) {
      await api.del(path);
      this.known.delete(draft.id);
      return;
    }
    const { series, kind, plane, points, version } = draft;
    const told = await api.put<MeasureTold>(path, { series_id: series, kind, plane, points_mm: points, base: version });
    this.known.set(draft.id, { version: told.version, shape: shapeOf(draft) });
  }

  /** Keeps in this browser what the server has not taken; how many these are. */
  private note(): number {
    const drafts = this.drafts();
    void keep(this.study, drafts);
    return (this.waiting.value = drafts.length);
  }
}

/** Drafts of an earlier page and of this one, which is the newer. */
function together(before: readonly MeasureDraft[], now: readonly MeasureDraft[]): MeasureDraft[] {
  return [...before.filter((one) => !now.some(({ id }) => id === one.id)), ...now];
}

const NOTHING = { kind: "length", series: "", plane: "axial", points: [] } as const;

function shapeOf({ kind, series, plane, points }: Measure): string {
  return JSON.stringify([kind, series, plane, points]);
}

function measureOf({ id, kind, plane, series_id: series, points_mm, author, mine, signed }: MeasureTold): Measure {
  const points = points_mm as Measure["points"];
  return { id, kind, series, plane, points, ...(mine ? {} : { author }), ...(signed ? { signed } : {}) };
}

function knownOf(told: MeasureTold): Known {
  return { version: told.version, shape: shapeOf(measureOf(told)) };
}

function plain({ kind, series, plane, points }: MeasureDraft, id: string): Measure {
  return { id, kind, series, plane, points };
}
