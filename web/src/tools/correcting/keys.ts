// The keyboard of the Correct page.
import type { PaintTool } from "../../model/correcting/correcting";
import { say } from "../../model/words";
import type { Key } from "../keys";
import type { CorrectDesk } from "./desk";

export const TOOL_KEYS: Readonly<Record<PaintTool, string>> = { brush: "b", erase: "e", fill: "f", click: "c", move: "v" };

export function correctKeys(desk: CorrectDesk): Key[] {
  const { state, reading } = desk;
  const { view } = reading;
  const key = (name: string, label: string, run: () => void, hidden = false): Key => ({ key: name, label, run, hidden });
  const scroll = (steps: number) => () => view.scroll("axial", steps);
  const end = (to: number) => () => scroll(to * (view.volume.value?.grid.size[2] ?? 0))();
  const edit = (work: "undo" | "redo") => () => { if (desk.free) desk.editor.peek()?.[work](); };
  return [
    ...(Object.entries(TOOL_KEYS) as [PaintTool, string][]).map(([tool, name]) =>
      key(name, say(`correct.tool_${tool}`), () => (state.tool.value = tool)),
    ),
    key("[", say("correct.smaller"), () => state.larger(-1)),
    key("]", say("correct.larger"), () => state.larger(1)),
    key("Ctrl+z", say("correct.undo"), edit("undo")),
    key("Ctrl+y", say("correct.redo"), edit("redo")),
    key("Ctrl+Shift+z", say("correct.redo"), edit("redo"), true),
    key("Ctrl+Shift+Z", say("correct.redo"), edit("redo"), true),
    key("i", say("correct.between"), () => desk.free && desk.interpolate()),
    key("Enter", say("correct.accept"), () => desk.free && desk.accept()),
    key("Backspace", say("correct.unpoint"), () => desk.unpoint()),
    key("Escape", say("correct.forget"), () => desk.forget()),
    key("d", say("correct.difference"), () => (state.difference.value = !state.difference.value)),
    key("o", say("read.overlays"), () => (reading.overlays.value = !reading.overlays.value)),
    key("PageUp", say("read.key_up"), scroll(1)),
    key("PageDown", say("read.key_down"), scroll(-1)),
    key("ArrowUp", say("read.key_up"), scroll(1), true),
    key("ArrowDown", say("read.key_down"), scroll(-1), true),
    key("Home", say("read.key_head"), end(1)),
    key("End", say("read.key_feet"), end(-1)),
    ...[1, 2, 3, 4, 5, 6, 7].map((n) => key(String(n), say("read.key_window", { n }), () => preset(desk, n))),
    key("r", say("read.fit"), () => view.fit()),
    key("+", say("read.key_larger"), () => view.zoomBy(1.25, view.camera.value.center)),
    key("-", say("read.key_smaller"), () => view.zoomBy(0.8, view.camera.value.center)),
  ];
}

export function preset(desk: CorrectDesk, n: number): void {
  const window = desk.board.series.value?.window[n - 1];
  if (window) desk.reading.view.window.value = window;
}
