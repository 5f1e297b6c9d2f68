// What the server tells by itself (server-sent events): opened again when the line breaks, and shared by all tabs.
//
// A browser allows six connections to a server (HTTP/1.1), and each stream holds one for good. So one tab listens, and
// tells the others; when it closes, another takes over. The lock that decides it needs a secure context; without one
// each tab listens for itself.

type Handler = (data: unknown) => void;
export type Line = "closed" | "connecting" | "open";
type Told = { readonly line: Line } | { readonly name: string; readonly data: unknown } | { readonly ask: true };

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15000;

export class Events {
  private source: EventSource | null = null;
  private timer = 0;
  private wait_ms = FIRST_WAIT_MS;
  private line: Line = "closed";
  private stop: AbortController | null = null;
  private channel: BroadcastChannel | null = null;
  private readonly handlers = new Map<string, Set<Handler>>();
  private readonly watchers = new Set<(line: Line) => void>();

  constructor(private readonly path: string) {}

  /** Calls the handler with each event of a name; gives back how to stop. */
  on(name: string, handler: Handler): () => void {
    const set = this.handlers.get(name) ?? new Set();
    if (!this.handlers.has(name)) {
      this.handlers.set(name, set);
      if (this.source) this.listen(this.source, name);
    }
    set.add(handler);
    return () => set.delete(handler);
  }

  /** Tells of the connection: what was missed while it was not open must be asked for again. */
  watch(watcher: (line: Line) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  open(): void {
    if (this.stop) return;
    const stop = new AbortController();
    this.stop = stop;
    if (!navigator.locks) return this.connect();
    this.channel = new BroadcastChannel(this.path);
    this.channel.onmessage = (event: MessageEvent<Told>) => this.hear(event.data);
    this.channel.postMessage({ ask: true } satisfies Told);
    navigator.locks
      .request(this.path, { signal: stop.signal }, () => {
        this.connect();
        return new Promise<void>((done) => stop.signal.addEventListener("abort", () => done(), { once: true }));
      })
      .catch(() => undefined); // the wait was ended by `close`
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.stop?.abort();
    this.stop = null;
    this.source?.close();
    this.source = null;
    this.channel?.close();
    this.channel = null;
    this.tell("closed");
  }

  /** What the tab that listens tells the others. */
  private hear(told: Told): void {
    if ("ask" in told) {
      if (this.source) this.channel?.postMessage({ line: this.line } satisfies Told);
    } else if ("line" in told) this.tell(told.line);
    else this.dispatch(told.name, told.data);
  }

  private connect(): void {
    window.clearTimeout(this.timer);
    this.pass("connecting");
    const source = new EventSource(this.path);
    this.source = source;
    for (const name of this.handlers.keys()) this.listen(source, name);
    source.onopen = () => {
      this.wait_ms = FIRST_WAIT_MS;
      this.pass("open");
    };
    source.onerror = () => {
      source.close(); // a browser gives up for good on some answers, so we come back ourselves
      if (this.source !== source) return;
      this.source = null;
      this.pass("connecting");
      this.timer = window.setTimeout(() => this.connect(), this.wait_ms);
      this.wait_ms = Math.min(LONGEST_WAIT_MS, this.wait_ms * 2);
    };
  }

  private listen(source: EventSource, name: string): void {
    source.addEventListener(name, (event) => {
      const data: unknown = JSON.parse((event as MessageEvent<string>).data);
      this.channel?.postMessage({ name, data } satisfies Told);
      this.dispatch(name, data);
    });
  }

  private dispatch(name: string, data: unknown): void {
    for (const handler of this.handlers.get(name) ?? []) handler(data);
  }

  /** Here and in the other tabs. */
  private pass(line: Line): void {
    this.channel?.postMessage({ line } satisfies Told);
    this.tell(line);
  }

  private tell(line: Line): void {
    this.line = line;
    for (const watcher of this.watchers) watcher(line);
  }
}

export const events = new Events("/api/events");
