// The jobs that this reader may see, kept current by events; what was missed while the line was down is asked for again.
import { computed, effect, signal } from "@preact/signals";
import { api } from "../api/client";
import { events } from "../api/events";
import type { Job, List } from "../api/types";
import { navigate } from "./place";
import { fail, notify } from "./toasts";
import { user } from "./session";
import { phrase, say } from "./words";

export const jobs = signal<readonly Job[]>([]);
/** Whether the list has been read once. */
export const jobsKnown = signal(false);
export const active = computed(() => jobs.value.filter((one) => one.state === "queued" || one.state === "running"));

type Watcher = (job: Job, before: Job | null) => void;
const watchers = new Set<Watcher>();

/** Calls back with each change of a job; gives back how to stop. */
export function watchJobs(watcher: Watcher): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export async function loadJobs(): Promise<void> {
  jobs.value = (await api.get<List<Job>>("/api/jobs")).items;
  jobsKnown.value = true;
}

/** Starts a job and shows it at once, before the first event of it. */
export async function startJob(kind: string, ask: { study_id?: string; result_id?: string; options?: object }): Promise<Job> {
  const job = await api.post<Job>("/api/jobs", { kind, options: {}, ...ask });
  take(job);
  return job;
}

export async function cancelJob(id: string): Promise<void> {
  take(await api.post<Job>(`/api/jobs/${id}/cancel`));
}

export async function repeatJob(id: string): Promise<void> {
  take(await api.post<Job>(`/api/jobs/${id}/again`));
}

/** Takes the state of a job, unless a later one is known. */
export function take(job: Job): void {
  const before = jobs.value.find((one) => one.id === job.id) ?? null;
  const rest = jobs.value.filter((one) => one.id !== job.id);
  jobs.value = [job, ...rest].sort((a, b) => (a.created < b.created ? 1 : -1));
  for (const watcher of watchers) watcher(job, before);
  const me = user.value;
  if (before && before.state !== job.state && me && job.owner === (me.display || me.name)) announce(job);
}

function announce(job: Job): void {
  const kind = kindName(job.kind);
  const address = resultAddress(job);
  const open = address && address !== location.pathname ? { label: say("jobs.open"), run: () => navigate(address) } : null;
  if (job.state === "done") notify("good", say("jobs.done_notice", { kind }), "", open);
  if (job.state === "failed") notify("bad", say("jobs.failed_notice", { kind }), phrase(job.message));
}

/** Where the result of a job is looked at. */
export function resultAddress(job: Job): string | null {
  if (job.state !== "done") return null;
  switch (job.kind) {
    case "draw":
    case "correct":
    case "report":
    case "pacs-send":
    case "pacs-get":
      return job.study_id ? `/read/${job.study_id}` : null;
    case "plan":
    case "forecast":
      return job.made_id ? `/${job.kind}/${job.made_id}` : null;
    case "explain":
      return job.study_id ? `/explain/${job.study_id}` : null;
    case "generate":
      return "/generate";
    default:
      return null;
  }
}

/** What a kind of job is called; one that has no name here is called as the server calls it. */
export function kindName(kind: string): string {
  switch (kind) {
    case "draw":
    case "plan":
    case "forecast":
    case "explain":
    case "generate":
    case "correct":
    case "report":
      return say(`jobs.kind_${kind}`);
    case "pacs-get":
      return say("jobs.kind_pacs");
    case "pacs-send":
      return say("jobs.kind_pacs_send");
    default:
      return kind;
  }
}

events.on("job", (data) => take(data as Job));
events.watch((line) => {
  if (line === "open" && jobsKnown.value) void loadJobs().catch(fail);
});
effect(() => {
  if (user.value) return void loadJobs().catch(fail);
  jobs.value = [];
  jobsKnown.value = false;
});
