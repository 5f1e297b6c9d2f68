// What a scene holds, as Python's report writes it (limner.report.html: scene_data).

/** One measurement, ready to read. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** One surface of the scene; `id` is the finding's id and the name of its GLB node. */
export interface Structure {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  /** sRGB, 0-255. */
  readonly color: readonly [number, number, number];
  /** 0-1, when the scene opens. */
  readonly opacity: number;
  readonly visible: boolean;
  readonly facts: readonly Fact[];
}

/** The words of the interface in the page's language. */
export type Words = Readonly<Record<string, string>>;

export interface SceneData {
  readonly structures: readonly Structure[];
  readonly words: Words;
}

/** A word, or its key where the catalogue lacks it: a missing word is seen, not hidden. */
export function word(words: Words, key: string): string {
  return words[key] ?? key;
}
