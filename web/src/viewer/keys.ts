// The keyboard of the scene; every key has a button or a slider that does the same.
import { PLANES, SIDES, type Plane } from "../model/space";
import type { Store } from "../model/state";
import type { Cutter } from "../tools/cut";
import type { Turn } from "../tools/turn";

const CUTS: readonly (Plane | null)[] = [null, ...PLANES];

export function listenKeys(canvas: HTMLCanvasElement, store: Store, turn: Turn, cutter: Cutter, reset: () => void): void {
  const actions: Record<string, () => void> = {
    ArrowLeft: () => turn.step(-1, 0),
    ArrowRight: () => turn.step(1, 0),
    ArrowUp: () => turn.step(0, 1),
    ArrowDown: () => turn.step(0, -1),
    "+": () => turn.zoom(0.88),
    "=": () => turn.zoom(0.88),
    "-": () => turn.zoom(1 / 0.88),
    "[": () => cutter.move(-2),
    "]": () => cutter.move(2),
    c: () => cutter.choose(CUTS[(CUTS.indexOf(store.state.cut.plane) + 1) % CUTS.length] ?? null),
    h: () => whenSelected((id) => store.show(id, false)),
    i: () => whenSelected((id) => store.isolate(id)),
    r: reset,
    Escape: () => store.select(null),
  };
  SIDES.forEach((side, n) => (actions[String(n + 1)] = () => turn.look(side)));
  const whenSelected = (act: (id: string) => void): void => {
    if (store.state.selected !== null) act(store.state.selected);
  };
  canvas.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
