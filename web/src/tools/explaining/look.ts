// Looking closer: wheel and pinch zoom at the point, a drag moves, a double click shows the whole; keys do the same.
import { hover, view } from "./state";
import { moved, type Point, pointAt, STEP, WHOLE, zoomed } from "../../model/explaining/view";

const KEY_SHARE = 0.1;

function placeIn(pane: HTMLElement, event: MouseEvent): Point {
  const box = pane.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}

/** Makes a pane one of those that show the same part and the same point; gives back how to stop. */
export function attachLook(pane: HTMLElement): () => void {
  const stop = new AbortController();
  const held = new Map<number, Point>();
  const on = <K extends keyof HTMLElementEventMap>(name: K, run: (event: HTMLElementEventMap[K]) => void, passive = true) =>
    pane.addEventListener(name, run, { signal: stop.signal, passive });

  on(
    "wheel",
    (event) => {
      if (view.value.zoom === 1 && event.deltaY > 0) return; // the page scrolls on
      event.preventDefault();
      view.value = zoomed(view.value, event.deltaY < 0 ? STEP : 1 / STEP, pointAt(view.value, placeIn(pane, event)));
    },
    false,
  );
  on("pointerdown", (event) => {
    held.set(event.pointerId, placeIn(pane, event));
    pane.setPointerCapture(event.pointerId);
  });
  on("pointermove", (event) => {
    const now = placeIn(pane, event);
    const before = held.get(event.pointerId);
    if (before) {
      drag(held, event.pointerId, before, now);
      held.set(event.pointerId, now);
    }
    hover.value = pointAt(view.value, now);
  });
  for (const name of ["pointerup", "pointercancel"] as const) on(name, (event) => void held.delete(event.pointerId));
  on("pointerleave", () => (hover.value = null));
  on("dblclick", () => (view.value = WHOLE));
  on("keydown", (event) => {
    if (byKey(event.key)) event.preventDefault();
  }, false);
  return () => stop.abort();
}

/** One finger moves what is shown, two zoom by their distance. */
function drag(held: ReadonlyMap<number, Point>, id: number, before: Point, now: Point): void {
  const other = [...held].find(([one]) => one !== id)?.[1];
  if (!other) {
    view.value = moved(view.value, now.x - before.x, now.y - before.y);
    return;
  }
  const apart = (point: Point) => Math.max(0.02, Math.hypot(point.x - other.x, point.y - other.y));
  const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
  view.value = zoomed(view.value, apart(now) / apart(before), pointAt(view.value, middle));
}

function byKey(key: string): boolean {
  const middle = { x: view.value.x, y: view.value.y };
  switch (key) {
    case "+":
    case "=":
      view.value = zoomed(view.value, STEP, middle);
      return true;
    case "-":
      view.value = zoomed(view.value, 1 / STEP, middle);
      return true;
    case "0":
      view.value = WHOLE;
      return true;
    case "ArrowLeft":
    case "ArrowRight":
      if (view.value.zoom === 1) return false;
      view.value = moved(view.value, key === "ArrowLeft" ? KEY_SHARE : -KEY_SHARE, 0);
      return true;
    case "ArrowUp":
    case "ArrowDown":
      if (view.value.zoom === 1) return false;
      view.value = moved(view.value, 0, key === "ArrowUp" ? KEY_SHARE : -KEY_SHARE);
      return true;
    default:
      return false;
  }
}
