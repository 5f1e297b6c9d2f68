// The keyboard of the Read page.
import { isFree } from "../../model/reading/measure";
import { LAYOUTS, type Layout, type Tool } from "../../model/reading/reading";
import { say } from "../../model/words";
import type { Key } from "../keys";
import type { Desk } from "./desk";

export const TOOL_KEYS: Readonly<Record<Tool, string>> = {
  cross: "c", window: "w", pan: "h", zoom: "z", length: "l", angle: "a", ellipse: "e", probe: "p",
};
const MANY = 10;

export function readingKeys(desk: Desk): Key[] {
  const { reading } = desk;
  const { view } = reading;
  const scroll = (steps: number) => () => view.scroll(reading.layout.value === "one" ? reading.plane.value : "axial", steps);
  const end = (to: number) => () => scroll(to * (view.volume.value?.grid.size[2] ?? 0))();
  const step = (key: string, label: string, run: () => void, hidden = false): Key => ({ key, label, run, hidden });
  return [
    step("ArrowUp", say("read.key_up"), scroll(1)),
    step("ArrowDown", say("read.key_down"), scroll(-1)),
    step("PageUp", say("read.key_up_many"), scroll(MANY)),
    step("PageDown", say("read.key_down_many"), scroll(-MANY)),
    step("Home", say("read.key_head"), end(1)),
    step("End", say("read.key_feet"), end(-1)),
    ...[1, 2, 3, 4, 5, 6, 7].map((n) => step(String(n), say("read.key_window", { n }), () => desk.preset(n))),
    ...(Object.entries(TOOL_KEYS) as [Tool, string][]).map(([tool, key]) =>
      step(key, say(`read.tool_${tool}`), () => {
        reading.draft.value = null;
        reading.tool.value = tool;
      }),
    ),
    step("i", say("read.invert"), () => (view.invert.value = !view.invert.value)),
    step("o", say("read.overlays"), () => (reading.overlays.value = !reading.overlays.value)),
    step("r", say("read.fit"), () => view.fit()),
    step("0", say("read.reset"), () => desk.reset()),
    step(" ", say("read.cine_play"), () => desk.cine.toggle()),
    step(".", say("read.cine_faster"), () => desk.cine.faster(1)),
    step(",", say("read.cine_slower"), () => desk.cine.faster(-1)),
    step("s", say("read.slab"), () => desk.nextSlab()),
    step("+", say("read.key_larger"), () => view.zoomBy(1.25, view.camera.value.center)),
    step("-", say("read.key_smaller"), () => view.zoomBy(0.8, view.camera.value.center)),
    step("m", say("read.key_layout"), () => nextLayout(desk)),
    step("]", say("read.next_finding"), () => desk.jumpBy(1)),
    step("[", say("read.previous_finding"), () => desk.jumpBy(-1)),
    step("Delete", say("read.remove_measure"), () => remove(desk)),
    step("Backspace", say("read.remove_measure"), () => remove(desk), true),
    step("Escape", say("read.key_escape"), () => (reading.draft.value ? (reading.draft.value = null) : (reading.tool.value = "cross"))),
  ];
}

/** Comparing needs another date, so the key leaves it out. */
function nextLayout(desk: Desk): void {
  const among: readonly Layout[] = LAYOUTS.filter((one) => one !== "compare");
  const now = among.indexOf(desk.reading.layout.value);
  desk.reading.layout.value = among[(now + 1) % among.length]!;
}

function remove(desk: Desk): void {
  const { measures, chosen } = desk.reading;
  measures.value = measures.value.filter((one) => one.id !== chosen.value || !isFree(one));
  chosen.value = null;
}
