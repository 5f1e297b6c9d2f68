// The upload of this tab, and the memory of one that was cut off.
import { signal } from "@preact/signals";
import { api } from "../../api/client";
import { finish, Upload } from "./send";
import type { Found } from "./walk";
import { user } from "../../model/session";
import { attempt } from "../../model/toasts";
import { loadStudies, pointOut } from "../../model/worklist";

export const upload = signal<Upload | null>(null);

/** An upload that a reload or a closed tab cut off. */
export interface CutOff {
  readonly id: string;
  readonly arrived: number;
  readonly files: number;
}
export const cutOff = signal<CutOff | null>(null);

const key = (): string => `limner.upload.${user.value?.id ?? ""}`;

function remember(files: number): (id: string | null) => void {
  return (id) => {
    try {
      if (id) localStorage.setItem(key(), JSON.stringify({ id, files }));
      else localStorage.removeItem(key());
    } catch {
      // private windows may refuse: then a reload cannot go on
    }
  };
}

/** Looks whether an upload was cut off, and what of it has arrived. */
export async function findCutOff(): Promise<void> {
  let kept: { id: string; files: number } | null = null;
  try {
    kept = JSON.parse(localStorage.getItem(key()) ?? "null") as { id: string; files: number } | null;
  } catch {
    kept = null;
  }
  if (!kept || upload.value) return;
  try {
    const now = await api.get<{ files: unknown[]; finished: boolean }>(`/api/uploads/${kept.id}`);
    cutOff.value = now.finished ? null : { id: kept.id, arrived: now.files.length, files: kept.files };
  } catch {
    cutOff.value = null;
  }
  if (!cutOff.value) remember(0)(null);
}

/** Sends files; goes on with an upload that was cut off. */
export async function send(found: readonly Found[]): Promise<void> {
  if (found.length === 0) return;
  const one = new Upload(found, cutOff.value?.id ?? null, remember(found.length));
  cutOff.value = null;
  upload.value = one;
  await goOn();
}

/** Begins, or begins again after a pause or a failure. */
export async function goOn(): Promise<void> {
  const one = upload.value;
  if (!one) return;
  await one.run();
  const { phase, studies } = one.progress.value;
  if (phase !== "done" || studies.length === 0) return;
  await loadStudies();
  pointOut(studies);
}

export async function giveUp(): Promise<void> {
  const one = upload.value;
  upload.value = null;
  await one?.drop();
}

/** Lets the server read what arrived of an upload that was cut off, or throws it away. */
export async function endCutOff(take: boolean): Promise<void> {
  const { id } = cutOff.value ?? {};
  cutOff.value = null;
  remember(0)(null);
  if (!id) return;
  await attempt(() => (take ? finish(id) : api.del(`/api/uploads/${id}`)));
  if (take) await loadStudies();
}

/** Takes in the study that Limner carries. */
export async function takeSample(): Promise<void> {
  const made = await attempt(() => api.post<{ studies: readonly string[] }>("/api/uploads/sample"));
  if (!made) return;
  await loadStudies();
  pointOut(made.studies);
}
