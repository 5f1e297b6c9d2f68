// The keyboard of a page. Keys are registered with a label, and the overlay (`?`) lists what is registered now.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export interface Key {
  /** As `KeyboardEvent.key`, with "Ctrl+" (also ⌘), "Alt+" or "Shift+" before it: "j", "Ctrl+z", "Shift+ArrowUp". */
  readonly key: string;
  readonly label: string;
  readonly run: (event: KeyboardEvent) => void;
  /** Also while a field has the focus. */
  readonly always?: boolean;
  /** Not shown in the overlay (a second key for the same thing). */
  readonly hidden?: boolean;
}

interface Layer {
  readonly title: string;
  readonly keys: readonly Key[];
}

/** What is registered now, the latest last; the latest that knows a key gets it. */
export const layers = signal<readonly Layer[]>([]);

/** Registers keys under a title; gives back how to take them away. */
export function register(title: string, keys: readonly Key[]): () => void {
  const layer: Layer = { title, keys };
  layers.value = [...layers.value, layer];
  return () => {
    layers.value = layers.value.filter((one) => one !== layer);
  };
}

/** Keys of a component while it stands. Their functions are always the latest, so they see the latest state. */
export function useKeys(title: string, keys: readonly Key[], _on?: readonly unknown[]): void {
  const latest = useRef(keys);
  latest.current = keys;
  const shape = keys.map((one) => `${one.key} ${one.label}`).join("\n");
  useEffect(() => {
    const wrapped = keys.map((one, n) => ({ ...one, run: (event: KeyboardEvent) => latest.current[n]?.run(event) }));
    return register(title, wrapped);
  }, [title, shape]);
}

/** How a press is spelled in the table. Shift is spelled only where it does not change the character. */
export function spelled(event: KeyboardEvent): string {
  const named = event.key.length > 1;
  const key = named ? event.key : event.ctrlKey || event.metaKey || event.altKey ? event.key.toLowerCase() : event.key;
  const shift = event.shiftKey && (named || event.ctrlKey || event.metaKey) ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type);
}

/** Whether the focused element does something itself with the key: Enter on a button, arrows on a slider. */
function taken(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (["Enter", " "].includes(event.key)) return target.closest("button, a[href], summary, input, label, [role=button]") !== null;
  return target instanceof HTMLInputElement && target.type === "range" && event.key.startsWith("Arrow");
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || taken(event)) return;
  if (document.querySelector("dialog[open]")) return; // it closes at Escape by itself, unless that is prevented
  const key = spelled(event);
  const inField = typing(event.target);
  for (const layer of [...layers.value].reverse()) {
    const found = layer.keys.find((one) => one.key === key && (!inField || one.always));
    if (!found) continue;
    event.preventDefault();
    found.run(event);
    return;
  }
}
window.addEventListener("keydown", press);

const SIGNS: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  " ": "Space",
  Enter: "↵",
  Delete: "Del",
};

/** The parts of a spelled key as they stand on a keyboard. */
export function caps(key: string): string[] {
  const parts = key.split(/\+(?=.)/);
  return parts.map((one) => SIGNS[one] ?? (one.length === 1 ? one.toUpperCase() : one));
}
