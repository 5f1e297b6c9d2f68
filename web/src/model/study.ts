// The study that is open: the bar shows whose it is and leads between its pages. Names live here, never in an address.
import { computed, signal } from "@preact/signals";
import { api } from "../api/client";
import { events } from "../api/events";
import type { Result, ResultKind, ResultWhole, StudyDetail } from "../api/types";
import { watchJobs } from "./jobs";
import { fail } from "./toasts";

export const openStudy = signal<StudyDetail | null>(null);
/** The result that is open (a drawing on Correct, a plan on Plan), as its page says. */
export const openResult = signal<Result | null>(null);

/** Results of a kind, newest first. */
export function resultsOf(study: StudyDetail, kind: ResultKind): Result[] {
  const all = study.results.filter((one) => one.kind === kind);
  return all.sort((a, b) => b.version - a.version || (a.created < b.created ? 1 : -1));
}

/** The drawing that pages of this study work on: the one that is open, else the newest. */
export const currentDrawing = computed<Result | null>(() => {
  const study = openStudy.value;
  if (!study) return null;
  const drawings = resultsOf(study, "drawing");
  const open = openResult.value;
  const asked = open?.kind === "drawing" ? open.id : open?.parent_id;
  return drawings.find((one) => one.id === asked) ?? drawings[0] ?? null;
});

/** Opens a study for the bar; pages call it with the id from their address. */
export async function enterStudy(id: string): Promise<StudyDetail> {
  if (openStudy.value && openStudy.value.id !== id) leaveStudy();
  const study = await api.get<StudyDetail>(`/api/studies/${id}`);
  openStudy.value = study;
  if (openResult.value && openResult.value.study_id !== id) openResult.value = null;
  return study;
}

/** Opens a result, and its study where it has one. */
export async function enterResult<T extends Result = ResultWhole>(id: string): Promise<T> {
  const result = await api.get<T>(`/api/results/${id}`);
  openResult.value = result;
  if (result.study_id) await enterStudy(result.study_id);
  return result;
}

export function leaveStudy(): void {
  openStudy.value = null;
  openResult.value = null;
}

async function again(id: string): Promise<void> {
  const study = await api.get<StudyDetail>(`/api/studies/${id}`);
  if (openStudy.value?.id === id) openStudy.value = study;
}

watchJobs((job, before) => {
  const ended = job.state !== before?.state;
  if (ended && openStudy.value && job.study_id === openStudy.value.id) void again(job.study_id).catch(fail);
});
events.on("study", (data) => {
  const id = (data as { id?: string }).id;
  if (id && openStudy.value?.id === id) void again(id).catch(() => leaveStudy());
});
