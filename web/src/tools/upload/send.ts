// Sending files one by one, a few at a time. What has arrived need not be sent again: not after a pause, not after the
// network was away, and not after the page was reloaded and the same folder dropped once more.
import { signal, type Signal } from "@preact/signals";
import { api, ApiError } from "../../api/client";
import type { Found } from "./walk";

export type FileState = "waiting" | "sending" | "sent" | "refused";

export interface Sending {
  readonly name: string;
  readonly bytes: number;
  readonly state: FileState;
  readonly sent: number;
  readonly reason: string;
}

export interface Refused {
  readonly file: string;
  readonly reason: string;
}

export interface Finished {
  readonly studies: readonly string[];
  readonly refused: readonly Refused[];
}

/** Where an upload stands, as a whole. */
export interface Progress {
  readonly phase: "sending" | "paused" | "reading" | "done" | "failed";
  readonly files: readonly Sending[];
  readonly sent: number;
  readonly bytes: number;
  readonly arrived: number;
  readonly studies: readonly string[];
  readonly refused: readonly Refused[];
  readonly error: unknown;
}

const AT_ONCE = 4;
const TELL_EVERY_MS = 120;
const WAITS_MS = [1000, 3000, 8000] as const;
const TURNS = 60;

type Remember = (id: string | null) => void;

/** Has the server read what arrived. Where it reads others' uploads, it says so, and is asked again. */
export async function finish(id: string, signal?: AbortSignal): Promise<Finished> {
  for (let turn = 1; ; turn++) {
    try {
      return await api.post<Finished>(`/api/uploads/${id}/finish`, undefined, signal ? { signal } : {});
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 503 || turn === TURNS || signal?.aborted) throw error;
      await new Promise((done) => setTimeout(done, 1000 * (error.retryAfter_s ?? 5)));
    }
  }
}

export class Upload {
  readonly progress: Signal<Progress>;
  private id: string | null;
  private readonly states: Sending[];
  private readonly stopped = new AbortController();
  private going: Promise<void> | null = null;
  private paused = false;
  private told = 0;

  /**
   * @param found what is to be sent
   * @param earlier an upload that was cut off, to go on with
   * @param remember is told the id, so that a reload can go on; null when there is nothing to go on with
   */
  constructor(
    private readonly found: readonly Found[],
    earlier: string | null,
    private readonly remember: Remember,
  ) {
    this.id = earlier;
    this.states = found.map(({ name, file }) => ({ name, bytes: file.size, state: "waiting", sent: 0, reason: "" }));
    this.progress = signal(this.whole("sending"));
  }

  /** Sends what has not arrived yet, then has the server read it. Resolves when nothing more happens by itself. */
  run(): Promise<void> {
    this.paused = false;
    this.going ??= this.send().finally(() => (this.going = null));
    return this.going;
  }

  pause(): void {
    this.paused = true;
    this.tell("paused");
  }

  /** Gives the upload up; what had arrived is thrown away. */
  async drop(): Promise<void> {
    this.stopped.abort();
    this.remember(null);
    if (this.id) await api.del(`/api/uploads/${this.id}`).catch(() => undefined);
  }

  private async send(): Promise<void> {
    try {
      await this.begin();
      this.tell("sending");
      const queue = this.states.map((_, n) => n).filter((n) => this.states[n]?.state === "waiting");
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.work(queue)));
      if (this.paused) return this.tell("paused");
      if (!this.states.some((one) => one.state === "sent")) return this.tell("done");
      this.tell("reading");
      const made = await finish(this.id ?? "", this.stopped.signal);
      this.remember(null);
      this.progress.value = { ...this.whole("done"), studies: made.studies, refused: [...this.refusals(), ...made.refused] };
    } catch (error) {
      if (this.stopped.signal.aborted) return;
      this.states.forEach((one, n) => one.state === "sending" && this.set(n, { state: "waiting", sent: 0 }));
      this.progress.value = { ...this.whole("failed"), error };
    }
  }

  /** A new upload, or the one that was cut off with what of it has arrived. */
  private async begin(): Promise<void> {
    if (this.id) {
      try {
        const known = await api.get<{ files: { name: string; bytes: number }[]; finished: boolean }>(`/api/uploads/${this.id}`);
        if (!known.finished) return this.skip(known.files);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
      }
    }
    const { id } = await api.post<{ id: string }>("/api/uploads");
    this.id = id;
    this.remember(id);
  }

  private skip(known: readonly { name: string; bytes: number }[]): void {
    const arrived = new Map(known.map((one) => [one.name, one.bytes]));
    this.states.forEach((one, n) => {
      if (arrived.get(one.name) === one.bytes) this.set(n, { state: "sent", sent: one.bytes });
    });
  }

  private async work(queue: number[]): Promise<void> {
    for (let n = queue.shift(); n !== undefined && !this.paused; n = queue.shift()) await this.one(n);
  }

  private async one(n: number): Promise<void> {
    const found = this.found[n];
    if (!found) return;
    for (let attempt = 0; ; attempt++) {
      this.set(n, { state: "sending", sent: 0 });
      try {
        await api.upload("PUT", `/api/uploads/${this.id}/files`, found.file, {
          signal: this.stopped.signal,
          headers: { "X-File-Name": encodeURIComponent(found.name) },
          onSent: (sent) => this.set(n, { sent: Math.min(sent, found.file.size) }),
        });
        this.set(n, { state: "sent", sent: found.file.size });
        return;
      } catch (error) {
        const wait = WAITS_MS[attempt];
        if (!(error instanceof ApiError)) throw error;
        const away = error.status === 0 || error.status === 429 || error.status === 503;
        if (away && wait !== undefined) await new Promise((done) => setTimeout(done, 1000 * (error.retryAfter_s ?? wait / 1000)));
        else if (away || [401, 403, 404, 409, 413, 507].includes(error.status) || error.status >= 500) throw error;
        else {
          this.set(n, { state: "refused", sent: 0, reason: error.detail || error.title });
          return;
        }
      }
    }
  }

  private set(n: number, part: Partial<Sending>): void {
    const now = this.states[n];
    if (!now) return;
    this.states[n] = { ...now, ...part };
    const time = performance.now();
    if (part.state === undefined && time - this.told < TELL_EVERY_MS) return;
    if (this.progress.peek().phase === "sending") this.tell("sending");
  }

  private tell(phase: Progress["phase"]): void {
    this.told = performance.now();
    this.progress.value = this.whole(phase);
  }

  private refusals(): Refused[] {
    return this.states.filter((one) => one.state === "refused").map((one) => ({ file: one.name, reason: one.reason }));
  }

  private whole(phase: Progress["phase"]): Progress {
    const files = [...this.states];
    return {
      phase,
      files,
      sent: files.reduce((sum, one) => sum + one.sent, 0),
      bytes: files.reduce((sum, one) => sum + one.bytes, 0),
      arrived: files.filter((one) => one.state === "sent").length,
      studies: [],
      refused: this.refusals(),
      error: null,
    };
  }
}
