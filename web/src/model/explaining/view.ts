// The part of a picture that all panes show, and the point that the pointer is over: linked, in shares of the picture.

/** `zoom` 1 shows the whole; `x` and `y` are the middle of what is shown, 0–1. */
export interface View {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const WHOLE: View = { zoom: 1, x: 0.5, y: 0.5 };
export const CLOSEST = 12;
/** By how much one step zooms. */
export const STEP = 1.25;

function within(view: View): View {
  const zoom = Math.max(1, Math.min(CLOSEST, view.zoom));
  const half = 0.5 / zoom;
  const keep = (at: number) => Math.max(half, Math.min(1 - half, at));
  return { zoom, x: keep(view.x), y: keep(view.y) };
}

/** Zooms by a factor; the point stays where it is. */
export function zoomed(view: View, by: number, at: Point): View {
  const zoom = Math.max(1, Math.min(CLOSEST, view.zoom * by));
  const keep = view.zoom / zoom;
  return within({ zoom, x: at.x + (view.x - at.x) * keep, y: at.y + (view.y - at.y) * keep });
}

/** Moves what is shown by shares of the pane. */
export function moved(view: View, dx: number, dy: number): View {
  return within({ ...view, x: view.x - dx / view.zoom, y: view.y - dy / view.zoom });
}

/** The point of the picture at a place of the pane, both 0–1. */
export function pointAt(view: View, pane: Point): Point {
  return { x: view.x + (pane.x - 0.5) / view.zoom, y: view.y + (pane.y - 0.5) / view.zoom };
}

/** Where a point of the picture lies on the pane; outside 0–1 where it is not shown. */
export function placeOf(view: View, point: Point): Point {
  return { x: (point.x - view.x) * view.zoom + 0.5, y: (point.y - view.y) * view.zoom + 0.5 };
}
