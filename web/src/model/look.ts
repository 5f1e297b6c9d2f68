// How the workstation looks: theme and language, kept on this machine.
import { computed, effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
export type Lang = "en" | "zh";
export const LANGS: readonly Lang[] = ["en", "zh"];
const KEY = "limner.look"; // public/boot.js reads it before the first paint

interface Kept {
  theme?: Theme;
  lang?: Lang;
}

function kept(): Kept {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Kept;
  } catch {
    return {};
  }
}

const opening = kept();
/** Whether the reader chose the language on this machine; else their account's is taken. */
export const langChosen = signal(opening.lang !== undefined);
export const theme = signal<Theme>(opening.theme ?? "auto");
export const lang = signal<Lang>(opening.lang ?? (/^zh/i.test(navigator.language) ? "zh" : "en"));
/** Pages on which images are read are dark unless the reader says otherwise; lists follow the system. */
export const reading = signal(false);

const system = window.matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(system.matches);
system.addEventListener("change", () => (systemDark.value = system.matches));

/** The theme that is seen. */
export const shade = computed<"light" | "dark">(() => {
  if (theme.value !== "auto") return theme.value;
  return reading.value || systemDark.value ? "dark" : "light";
});

export function chooseTheme(next: Theme): void {
  theme.value = next;
  keep({ theme: next });
}

/** The other shade than the one that is seen. */
export function toggleShade(): void {
  chooseTheme(shade.value === "dark" ? "light" : "dark");
}

export function chooseLang(next: Lang): void {
  lang.value = next;
  langChosen.value = true;
  keep({ lang: next });
}

function keep(part: Kept): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...kept(), ...part }));
  } catch {
    // private windows may refuse: the choice then holds until the page is left
  }
}

effect(() => {
  document.documentElement.dataset.theme = shade.value;
});
effect(() => {
  document.documentElement.lang = lang.value === "zh" ? "zh-Hans" : "en";
});
