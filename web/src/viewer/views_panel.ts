// The six standard views, and the way back.
import { SIDES } from "../model/space";
import { type Words, word } from "../model/structure";
import type { Turn } from "../tools/turn";
import { button, element } from "./element";

export function viewsPanel(turn: Turn, reset: () => void, words: Words): HTMLElement {
  const group = element("div", { class: "lv-group", role: "group", "aria-label": word(words, "view") });
  group.append(
    element("span", { class: "lv-label" }, word(words, "view")),
    ...SIDES.map((side) => button(word(words, side), () => turn.look(side), { "data-view": side })),
    button(word(words, "reset"), reset, { class: "lv-reset" }),
  );
  return group;
}
