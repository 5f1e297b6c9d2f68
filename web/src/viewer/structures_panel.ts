// The list of structures: show, hide, fade, isolate, select.
import { isShown, type Store } from "../model/state";
import { type Structure, type Words, word } from "../model/structure";
import { button, element } from "./element";

export function structuresPanel(structures: readonly Structure[], store: Store, words: Words): HTMLElement {
  const heading = element(
    "div",
    { class: "lv-heading" },
    element("h3", {}, word(words, "structures")),
    button(word(words, "show_all"), () => store.showAll(true)),
    button(word(words, "hide_all"), () => store.showAll(false)),
  );
  const list = element("ul", { class: "lv-list" }, ...structures.map((one) => row(one, store, words)));
  return element("section", { class: "lv-structures", "aria-label": word(words, "structures") }, heading, list);
}

function row(structure: Structure, store: Store, words: Words): HTMLElement {
  const { id, title } = structure;
  const box = element("input", { type: "checkbox", "aria-label": `${word(words, "show")}: ${title}` });
  box.addEventListener("change", () => store.show(id, box.checked));
  const chip = element("span", { class: "lv-chip", "aria-hidden": "true" });
  chip.style.background = `rgb(${structure.color.join(",")})`;
  const name = button(title, () => store.select(store.state.selected === id ? null : id), { class: "lv-name" });
  const only = button(word(words, "only"), () => store.isolate(id), {
    class: "lv-only",
    "aria-label": `${word(words, "isolate")}: ${title}`,
  });
  const slider = element("input", {
    type: "range",
    min: "0",
    max: "100",
    step: "1",
    "aria-label": `${word(words, "opacity")}: ${title}`,
  });
  slider.addEventListener("input", () => store.fade(id, slider.valueAsNumber / 100));
  const item = element("li", { "data-id": id }, box, chip, name, only, slider);
  store.follow((state) => {
    box.checked = isShown(state, id);
    slider.value = String(Math.round(100 * (state.opacity[id] ?? 1)));
    name.setAttribute("aria-pressed", String(state.selected === id));
    only.setAttribute("aria-pressed", String(state.isolated === id));
    item.classList.toggle("lv-off", !box.checked);
  });
  return item;
}
