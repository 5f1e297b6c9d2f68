// Where the reader is: the path, and what stands after "?" so that a reload loses nothing. No patient's name stands there.
import { signal, type Signal } from "@preact/signals";

export const path = signal(location.pathname);
export const query = signal(new URLSearchParams(location.search));

const WRITE_EVERY_MS = 200; // browsers stop pages that write their address more often than some hundred times in 30 s
let timer = 0;
let written = -WRITE_EVERY_MS;

function look(): void {
  window.clearTimeout(timer);
  path.value = location.pathname;
  query.value = new URLSearchParams(location.search);
}
window.addEventListener("popstate", look);

/** Goes to another page of the workstation; `replace` leaves no step to come back to. */
export function navigate(to: string, replace = false): void {
  flush();
  if (replace) history.replaceState(null, "", to);
  else if (to !== location.pathname + location.search + location.hash) history.pushState(null, "", to);
  look();
}

/** Sets parts of the query; null or "" takes a part away. */
export function setQuery(parts: Readonly<Record<string, string | number | null>>): void {
  const next = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries(parts)) {
    if (value === null || value === "") next.delete(name);
    else next.set(name, String(value));
  }
  if (next.toString() === query.value.toString()) return;
  query.value = next;
  window.clearTimeout(timer);
  const wait = written + WRITE_EVERY_MS - performance.now();
  if (wait <= 0) flush();
  else timer = window.setTimeout(flush, wait);
}

function flush(): void {
  window.clearTimeout(timer);
  written = performance.now();
  const text = query.value.toString();
  const want = location.pathname + (text ? `?${text}` : "") + location.hash;
  if (want !== location.pathname + location.search + location.hash && path.value === location.pathname) {
    history.replaceState(null, "", want);
  }
}
window.addEventListener("pagehide", flush);

/** A part of the query as text, number or null. */
export function queryText(name: string, fallback = ""): string {
  return query.value.get(name) ?? fallback;
}

export function queryNumber(name: string): number | null {
  const text = query.value.get(name);
  const value = text === null ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Links that name a page of ours are followed without a reload. Called once by the shell. */
export function followLinks(root: HTMLElement): void {
  root.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    const to = new URL(link.href, location.href);
    if (to.origin !== location.origin || to.pathname.startsWith("/api/") || to.pathname.startsWith("/dicom-web")) return;
    if (link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    navigate(to.pathname + to.search + to.hash);
  });
}

/** A value that a page keeps on this machine for a user, e.g. a draft; survives reload and is gone at log-out. */
export function keptSignal(name: string, opening: string): Signal<string> {
  let now = opening;
  try {
    now = sessionStorage.getItem(`limner.${name}`) ?? opening;
  } catch {
    // private windows may refuse
  }
  const kept = signal(now);
  kept.subscribe((value) => {
    try {
      sessionStorage.setItem(`limner.${name}`, value);
    } catch {
      // as above
    }
  });
  return kept;
}

/** A page says that its first meaningful picture stands; tests and pictures wait for it. */
export function pageReady(ready = true): void {
  if (ready) document.body.dataset.ready = "true";
  else delete document.body.dataset.ready;
}
