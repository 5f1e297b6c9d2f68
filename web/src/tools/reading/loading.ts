// Brings a series' slices in: the one that is looked at first, then runs of its neighbours outwards, two at a time, so
// that the next scroll finds its slice. Whoever scrolls away steers what is asked next.
import { type Volume, nextRun } from "../../model/reading/series";
import { api } from "../../api/client";

const RUN = 8;
const AT_ONCE = 2;
const TRIES = 4;
const WAIT_MS = 700;

export interface Loading {
  /** Which slice is wanted now. */
  wanted(): number;
  /** Called after each arrival. */
  arrived(): void;
  failed(error: unknown): void;
}

/** Starts loading; gives back how to stop. */
export function loadSlices(volume: Volume, loading: Loading): () => void {
  const stop = new AbortController();
  const taken = new Uint8Array(volume.has.length);
  const fetchRun = async (run: { k: number; count: number }): Promise<void> => {
    taken.fill(1, run.k, run.k + run.count);
    for (let tries = 1; ; tries++) {
      try {
        const path = `/api/series/${volume.info.id}/slices/${run.k}?count=${run.count}`;
        const { data } = await api.bytes(path, { signal: stop.signal });
        volume.take(run.k, new Int16Array(data)); // little endian, as every machine that has a browser
        return loading.arrived();
      } catch (error) {
        if (stop.signal.aborted) return;
        if (tries === TRIES) throw error;
        await new Promise((done) => setTimeout(done, WAIT_MS * tries));
      }
    }
  };
  const line = async (): Promise<void> => {
    for (;;) {
      const run = nextRun(taken, loading.wanted(), RUN);
      if (!run || stop.signal.aborted) return;
      await fetchRun(run);
    }
  };
  const all = async (): Promise<void> => {
    await fetchRun({ k: loading.wanted(), count: 1 });
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done))); // until that slice is on the screen
    await Promise.all(Array.from({ length: AT_ONCE }, line));
  };
  all().catch((error: unknown) => {
    if (!stop.signal.aborted) loading.failed(error);
  });
  return () => stop.abort();
}
