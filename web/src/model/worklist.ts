// The work list: what is asked for, what came, and what changes while it is looked at.
import { batch, computed, effect, signal } from "@preact/signals";
import { api } from "../api/client";
import { events } from "../api/events";
import type { Job, List, StudyRow, StudyStatus } from "../api/types";
import { jobs, watchJobs } from "./jobs";
import { keptSignal, path, query, queryText, setQuery } from "./place";
import { fail } from "./toasts";

export const PAGE = 50;
export type Order = "created" | "date" | "patient";
export const ORDERS: readonly Order[] = ["patient", "date", "created"];
export const MODALITIES = ["CT", "MR", "US", "CR", "DX", "MG", "PT", "XC"] as const;
export const STATUSES: readonly StudyStatus[] = ["new", "drawing", "drawn", "planned", "signed", "failed"];
const DAYS: Readonly<Record<string, number>> = { week: 7, month: 31, year: 366 };

/** What is typed into the search. It may be a patient's name, so it stands in no address. */
export const searchText = keptSignal("search", "");
export const rows = signal<readonly StudyRow[] | null>(null);
export const total = signal(0);
export const failed = signal<unknown>(null);
/** Rows that have come since the list was opened, to be pointed out for a moment. */
export const fresh = signal<ReadonlySet<string>>(new Set());

export const order = computed(() => {
  const text = queryText("order", "-created");
  const by = ORDERS.find((one) => one === text.replace("-", "")) ?? "created";
  return { by, down: text.startsWith("-") };
});
export const page = computed(() => Math.max(0, Math.floor(Number(queryText("page", "1"))) - 1 || 0));
export const filtered = computed(
  () => searchText.value.trim() !== "" || ["modality", "status", "since"].some((name) => queryText(name) !== ""),
);

/** Sorts by a column; by the same once more, the other way. */
export function sortBy(by: Order): void {
  const now = order.value;
  const down = now.by === by ? !now.down : by !== "patient";
  setQuery({ order: by === "created" && down ? null : `${down ? "-" : ""}${by}`, page: null });
}

export function clearFilters(): void {
  batch(() => {
    searchText.value = "";
    setQuery({ modality: null, status: null, since: null, page: null });
  });
}

function since(): string | null {
  const days = DAYS[queryText("since")];
  return days === undefined ? null : new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}

let asking: AbortController | null = null;

export async function loadStudies(): Promise<void> {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  const { by, down } = order.value;
  try {
    const found = await api.post<List<StudyRow>>(
      "/api/studies/search",
      {
        text: searchText.value.trim(),
        modality: queryText("modality"),
        status: queryText("status") || null,
        since: since(),
        order: `${down ? "-" : ""}${by}`,
        limit: PAGE,
        offset: page.value * PAGE,
      },
      { signal: mine.signal },
    );
    batch(() => {
      rows.value = found.items;
      total.value = found.total;
      failed.value = null;
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    if (rows.value === null) failed.value = error;
    else fail(error);
  }
}

/** Points rows out that an upload has just brought. */
export function pointOut(ids: readonly string[]): void {
  fresh.value = new Set(ids);
  window.setTimeout(() => (fresh.value = new Set()), 8000);
}

/** The job that works on a study now, if one does. */
export function jobOf(study: string): Job | null {
  return jobs.value.find((one) => one.study_id === study && (one.state === "running" || one.state === "queued")) ?? null;
}

/** Keeps the list current while it is on the screen; gives back how to stop. */
export function followStudies(): () => void {
  let timer = 0;
  const soon = (wait_ms: number): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void loadStudies(), wait_ms);
  };
  let before = searchText.peek();
  const stops = [
    effect(() => {
      const text = searchText.value;
      void [query.value, order.value, page.value];
      if (path.value !== "/studies") return;
      soon(text === before ? 0 : 200); // typing is waited out
      before = text;
    }),
    events.on("study", () => soon(400)),
    watchJobs((job, was) => {
      if (job.study_id && job.state !== was?.state) soon(400);
    }),
    events.watch((line) => {
      if (line === "open" && rows.peek() !== null) soon(100);
    }),
  ];
  return () => {
    window.clearTimeout(timer);
    asking?.abort();
    stops.forEach((stop) => stop());
  };
}
