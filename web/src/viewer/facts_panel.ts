// Name and measurements of what was selected.
import type { Store } from "../model/state";
import { type Structure, type Words, word } from "../model/structure";
import type { Turn } from "../tools/turn";
import type { Surface } from "../render/surfaces";
import { button, element } from "./element";

export function factsPanel(surfaces: readonly Surface[], store: Store, turn: Turn, words: Words): HTMLElement {
  const panel = element("div", { class: "lv-facts", role: "status", "aria-live": "polite", hidden: true });
  let drawn: string | null = null;
  store.follow(({ selected }) => {
    if (selected === drawn) return;
    drawn = selected;
    const surface = surfaces.find((one) => one.structure.id === selected);
    panel.hidden = surface === undefined;
    panel.replaceChildren(...(surface ? card(surface.structure) : []));
    if (!surface) return;
    panel.append(
      button(word(words, "focus"), () => turn.focus(surface.box)),
      button(word(words, "isolate"), () => store.isolate(surface.structure.id)),
      button(word(words, "close"), () => store.select(null)),
    );
  });
  return panel;
}

function card(structure: Structure): HTMLElement[] {
  const list = element("dl");
  for (const { name, value } of structure.facts) list.append(element("dt", {}, name), element("dd", {}, value));
  return [element("h3", {}, structure.title), list];
}
