// The words of the workstation in the reader's language: one key, two catalogues that must hold the same keys.
import { effect, signal } from "@preact/signals";
import { lang } from "../look";
import { en } from "./en";
import type { Phrasebook } from "./phrases";

export type WordKey = keyof typeof en;
export type Catalogue = Readonly<Record<WordKey, string>>;

/** The catalogue that is spoken; English is always there, others are fetched when they are asked for. */
const spoken = signal<Catalogue>(en);
/** What says the server's sentences; null where they are spoken as they come. */
const phrases = signal<Phrasebook | null>(null);
let wanted: Promise<void> = Promise.resolve();

effect(() => {
  const now = lang.value;
  if (now === "en") {
    [spoken.value, phrases.value] = [en, null];
    return;
  }
  wanted = Promise.all([import("./zh"), import("./book")]).then(([{ zh }, { chinese }]) => {
    if (lang.peek() === now) [spoken.value, phrases.value] = [zh, chinese];
  });
});

/** Resolves when the chosen language can be spoken. */
export const wordsReady = (): Promise<void> => wanted;

/** The text of a key, with `{name}` filled in. A component that calls it follows the language. */
export function say(key: WordKey, values: Readonly<Record<string, string | number>> = {}): string {
  const text = spoken.value[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Keys that have a form for one thing beside the form for many. */
type Countable = { [K in WordKey]: K extends `${infer Many}_one` ? (Many extends WordKey ? Many : never) : never }[WordKey];

/** As `say`, for a number of things: the key with `_one` is taken where n is 1. */
export function count(key: Countable, n: number): string {
  return say(n === 1 ? ((key as string) + "_one" as WordKey) : key, { n });
}

/** The text of a key that is put together from parts; `fallback` where there is no such key. */
export function sayOr(key: string, fallback: string): string {
  return key in spoken.value ? say(key as WordKey) : fallback;
}

/** A sentence or a name that the server wrote in English, in the reader's language as far as it is known there. */
export function phrase(text: string): string {
  return phrases.value?.say(text) ?? text;
}
