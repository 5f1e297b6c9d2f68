// Short notices at the edge of the screen. What failed stays until it is read; what went well leaves by itself.
import { signal } from "@preact/signals";
import { ApiError } from "../api/client";
import { phrase, say } from "./words";

export interface Toast {
  readonly id: number;
  readonly kind: "good" | "note" | "bad";
  readonly title: string;
  readonly detail: string;
  readonly action: { readonly label: string; readonly run: () => void } | null;
}

export const toasts = signal<readonly Toast[]>([]);
const STAY_MS = 6000;
/** With something to press; it stands elsewhere, too (a result in its study, a job in its list). */
const STAY_TO_ACT_MS = 15_000;
const MOST = 4;
let next = 1;

export function notify(kind: Toast["kind"], title: string, detail = "", action: Toast["action"] = null): number {
  const id = next++;
  const same = toasts.value.filter((one) => one.title !== title || one.detail !== detail);
  toasts.value = [...same, { id, kind, title, detail, action }].slice(-MOST);
  if (kind !== "bad") window.setTimeout(() => dismiss(id), action ? STAY_TO_ACT_MS : STAY_MS);
  return id;
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** What a failure is called and what to do about it, in the reader's words where we have some. */
export function told(error: unknown): { title: string; detail: string } {
  if (error instanceof ApiError) {
    if (error.status === 0) return { title: say("shell.silent"), detail: say("shell.silent_detail") };
    return { title: phrase(error.title), detail: phrase(error.detail) };
  }
  return { title: say("shell.fault"), detail: error instanceof Error ? error.message : String(error) };
}

/** Shows a failure; one that the reader asked for (an aborted request) or that led to the login is not one. */
export function fail(error: unknown): void {
  if (error instanceof DOMException && error.name === "AbortError") return;
  if (error instanceof ApiError && error.status === 401) return;
  const { title, detail } = told(error);
  notify("bad", title, detail);
}

/** Runs something and shows its failure; gives null where it failed. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    fail(error);
    return null;
  }
}
