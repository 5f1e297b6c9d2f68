// Sentences that the server writes in English (errors, problems, warnings), said in Chinese: the book of the reports,
// read by the rules of `src/limner/report/phrasebook.py`. What the book lacks stays English rather than being lost.

/** English patterns, `{}` where a value stands, with their Chinese, `{1}` for the first value. */
export type Book = Readonly<Record<string, string>>;
type Way = (text: string) => string | null;

interface Pattern {
  readonly pieces: readonly string[];
  readonly shape: RegExp;
  readonly chinese: string;
}

const LISTS = [
  ["; ", "；"],
  [", ", "、"],
  [" and ", "和"],
  [" or ", "或"],
  ["/", "/"],
] as const;
const SPACE_BETWEEN = /(?<=[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]) +(?=[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef])/g;
const SCRIPTS_MEET = /(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u4e00-\u9fff])/g;

export class Phrasebook {
  private readonly patterns: readonly Pattern[];
  private readonly said = new Map<string, string>();

  constructor(private readonly book: Book) {
    const weight = (key: string): number => key.replaceAll("{}", "").length;
    this.patterns = Object.entries(book)
      .filter(([key]) => key.includes("{}"))
      .sort(([a], [b]) => weight(b) - weight(a))
      .map(([key, chinese]) => {
        const pieces = key.split("{}");
        return { pieces: pieces.filter(Boolean), shape: new RegExp(`^${pieces.map(escaped).join("(.*?)")}$`, "s"), chinese };
      });
  }

  /** A text in Chinese, as far as the book knows it. */
  say(text: string): string {
    const before = this.said.get(text);
    if (before !== undefined) return before;
    const found = this.known(text);
    const told = found === null ? text : tidy(found);
    this.said.set(text, told);
    return told;
  }

  private known(given: string): string | null {
    const text = given.trim();
    if (!text) return "";
    const ways: readonly Way[] = [this.exact, this.quoted, this.pattern, this.list, this.sentences];
    for (const way of ways) {
      const found = way(text);
      if (found !== null) return found;
    }
    return null;
  }

  private readonly entry = (text: string): string | null => (Object.hasOwn(this.book, text) ? (this.book[text] ?? null) : null);

  private readonly exact: Way = (text) => {
    const found = this.entry(text) ?? this.entry(text.charAt(0).toLowerCase() + text.slice(1));
    if (found !== null) return found;
    const [, name, number] = /^(.*\D) (\d+)$/s.exec(text) ?? [];
    const named = name === undefined ? null : this.exact(name);
    return named === null ? null : `${named} ${number}`;
  };

  /** A value as Python's `repr` writes it. */
  private readonly quoted: Way = (text) => {
    const [, mark, inner] = /^(['"])(.*)\1$/s.exec(text) ?? [];
    return mark === undefined || inner === undefined || inner.includes(mark) ? null : `“${this.value(inner)}”`;
  };

  private readonly pattern: Way = (text) => {
    for (const { pieces, shape, chinese } of this.patterns) {
      const match = pieces.every((one) => text.includes(one)) ? shape.exec(text) : null;
      if (match) return chinese.replace(/\{(\d+)\}/g, (_, n: string) => this.value(match[Number(n)] ?? ""));
    }
    return null;
  };

  /** Of words that the book knows and of names that nobody translates (`tumor-1`, `a.dcm`). */
  private readonly list: Way = (text) => {
    for (const [between, joined] of LISTS) {
      const parts = text.split(between);
      if (parts.length < 2) continue;
      const told = parts.map((one) => this.known(one));
      const named = told.every((one, n) => one !== null || !parts[n]?.trim().includes(" "));
      if (named && told.some((one) => one !== null)) return told.map((one, n) => one ?? parts[n]).join(joined);
    }
    return null;
  };

  /** Sentence by sentence, the longest run that the book knows first. */
  private readonly sentences: Way = (text) => {
    const parts = text.split(/(?<=[.!?]) +|\n+/);
    const told: string[] = [];
    let [at, known] = [0, false];
    while (at < parts.length) {
      let [found, end]: [string | null, number] = [null, parts.length];
      for (; found === null && end > at; end--) {
        if (at === 0 && end === parts.length) continue; // asked before
        const run = parts.slice(at, end).join(" ");
        found = this.exact(run) ?? this.pattern(run);
      }
      known ||= found !== null;
      told.push(found ?? ` ${parts[at]} `);
      at = found === null ? at + 1 : end + 1;
    }
    return known ? told.join("") : null;
  };

  private value(text: string): string {
    return this.known(text) ?? text;
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** No stop twice, no space that only the English needed, and one between Chinese and Latin. */
function tidy(text: string): string {
  return text.replace(/。[。.]/g, "。").replace(SPACE_BETWEEN, "").replace(SCRIPTS_MEET, " ").trim();
}
