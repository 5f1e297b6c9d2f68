// Where the scene is cut.
import { PLANES } from "../model/space";
import type { Store } from "../model/state";
import { type Words, word } from "../model/structure";
import type { Cutter } from "../tools/cut";
import { button, element } from "./element";

export function cutPanel(store: Store, cutter: Cutter, words: Words): HTMLElement {
  const choices = [null, ...PLANES].map((plane) => ({
    plane,
    node: button(word(words, plane ?? "no_cut"), () => cutter.choose(plane), { "data-cut": plane ?? "none" }),
  }));
  const slider = element("input", { type: "range", step: "0.5", "aria-label": word(words, "cut_position") });
  slider.addEventListener("input", () => store.cut({ position_mm: slider.valueAsNumber }));
  const place = element("output", { class: "lv-place" });
  const flip = button(word(words, "flip"), () => store.cut({ flipped: !store.state.cut.flipped }), { class: "lv-flip" });
  const where = element("div", { class: "lv-where" }, slider, place, flip);
  const group = element("div", { class: "lv-group", role: "group", "aria-label": word(words, "cut") });
  group.append(element("span", { class: "lv-label" }, word(words, "cut")), ...choices.map((one) => one.node), where);
  store.follow(({ cut }) => {
    for (const { plane, node } of choices) node.setAttribute("aria-pressed", String(plane === cut.plane));
    where.hidden = cut.plane === null;
    if (!cut.plane) return;
    const [low, high] = cutter.range(cut.plane);
    slider.min = String(Math.floor(low));
    slider.max = String(Math.ceil(high));
    slider.value = String(cut.position_mm);
    place.textContent = `${cut.position_mm.toFixed(1)} mm`;
    flip.setAttribute("aria-pressed", String(cut.flipped));
  });
  return group;
}
