// What the server tells by itself (server-sent events), with a connection that is opened again when it breaks.

type Handler = (data: unknown) => void;
export type Line = "closed" | "connecting" | "open";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15000;

export class Events {
  private source: EventSource | null = null;
  private timer = 0;
  private wait_ms = FIRST_WAIT_MS;
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
    if (this.source) return;
    window.clearTimeout(this.timer);
    this.tell("connecting");
    const source = new EventSource(this.path);
    this.source = source;
    for (const name of this.handlers.keys()) this.listen(source, name);
    source.onopen = () => {
      this.wait_ms = FIRST_WAIT_MS;
      this.tell("open");
    };
    source.onerror = () => {
      source.close(); // a browser gives up for good on some answers, so we come back ourselves
      if (this.source !== source) return;
      this.source = null;
      this.tell("connecting");
      this.timer = window.setTimeout(() => this.open(), this.wait_ms);
      this.wait_ms = Math.min(LONGEST_WAIT_MS, this.wait_ms * 2);
    };
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.tell("closed");
  }

  private listen(source: EventSource, name: string): void {
    source.addEventListener(name, (event) => {
      const data: unknown = JSON.parse((event as MessageEvent<string>).data);
      for (const handler of this.handlers.get(name) ?? []) handler(data);
    });
  }

  private tell(line: Line): void {
    for (const watcher of this.watchers) watcher(line);
  }
}

export const events = new Events("/api/events");
