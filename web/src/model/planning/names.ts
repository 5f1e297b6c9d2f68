// What structures are called in the reader's language; a name that nobody knows is shown as it was drawn.
import { effect, signal } from "@preact/signals";
import { api } from "../../api/client";
import { lang } from "../look";
import { sayOr } from "../words";

const names = signal<Readonly<Record<string, string>>>({});

interface Told {
  readonly structures: readonly { readonly name: string; readonly title: string; readonly kind: string }[];
}

/** Follows the reader's language for a drawing; gives back how to stop. */
export function followNames(drawing: string): () => void {
  return effect(() => {
    const asked = lang.value;
    names.value = {};
    if (asked === "en") return; // names are drawn in English
    api.get<Told>(`/api/results/${encodeURIComponent(drawing)}/structures?lang=${asked}`).then(
      (told) => {
        names.value = Object.fromEntries(told.structures.filter((one) => one.kind !== "lesion").map((one) => [one.name, one.title]));
      },
      () => undefined, // without them names stay as they were drawn
    );
  });
}

export function nameOf(structure: string): string {
  return names.value[structure] ?? sayOr(`plan.name_${structure.replaceAll(" ", "_")}`, structure);
}
