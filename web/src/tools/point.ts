// Click selects, double click focuses, a click on the cube turns to that side. A drag is not a click.
import type { Store } from "../model/state";
import type { Stage } from "../render/stage";
import { Pick } from "./pick";
import type { Turn } from "./turn";

const STILL_PX = 5;

export function listenPointer(stage: Stage, store: Store, turn: Turn): void {
  const { canvas, compass } = stage;
  const pick = new Pick(stage);
  let down: { x: number; y: number } | null = null;
  canvas.addEventListener("pointerdown", (event) => {
    down = event.isPrimary ? { x: event.offsetX, y: event.offsetY } : null;
    canvas.focus({ preventScroll: true });
  });
  canvas.addEventListener("pointerup", (event) => {
    const still = down !== null && Math.hypot(event.offsetX - down.x, event.offsetY - down.y) < STILL_PX;
    down = null;
    if (!still || event.button !== 0) return;
    const side = compass.sideAt(event.offsetX, event.offsetY, canvas.clientHeight);
    if (side) turn.look(side);
    else store.select(pick.at(event.offsetX, event.offsetY)?.structure.id ?? null);
  });
  canvas.addEventListener("dblclick", (event) => {
    if (compass.sideAt(event.offsetX, event.offsetY, canvas.clientHeight)) return;
    const surface = pick.at(event.offsetX, event.offsetY);
    if (surface) turn.focus(surface.box);
  });
}
