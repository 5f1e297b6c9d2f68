// A JSON Schema of settings (as pydantic writes it) as a flat list of fields that a form can show.
import { phrase } from "./words";

export type Tree = Readonly<Record<string, unknown>>;

export interface Schema {
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly $ref?: string;
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
}

export interface Field {
  readonly path: readonly string[];
  /** The group that it is shown in: its path without its own name. */
  readonly section: string;
  readonly about: string;
  readonly kind: "number" | "integer" | "boolean" | "string";
  readonly choices: readonly string[];
  readonly least: number | null;
  readonly most: number | null;
}

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/_mm$/, "mm"],
  [/_ml$/, "ml"],
  [/_deg$/, "°"],
  [/_hu$/, "HU"],
  [/_percent$/, "%"],
];

/** The unit that a name ends with, as the whole house names its numbers. */
export function unitOf(field: Field): string {
  const name = field.path.at(-1) ?? "";
  return UNITS.find(([end]) => end.test(name))?.[1] ?? "";
}

export function fieldsOf(schema: Schema): Field[] {
  return walk(schema, schema, []);
}

function walk(root: Schema, at: Schema, path: readonly string[]): Field[] {
  const here = follow(root, at);
  if (here.properties) return Object.entries(here.properties).flatMap(([name, of]) => walk(root, of, [...path, name]));
  const kind = here.type === "integer" || here.type === "boolean" || here.type === "string" ? here.type : "number";
  return [
    {
      path,
      section: path.slice(0, -1).join("."),
      about: here.description ?? "",
      kind,
      choices: (here.enum ?? []).map(String),
      least: here.minimum ?? here.exclusiveMinimum ?? null,
      most: here.maximum ?? here.exclusiveMaximum ?? null,
    },
  ];
}

/** What a schema says with what it refers to; what stands beside the reference wins. */
function follow(root: Schema, at: Schema): Schema {
  const name = at.$ref?.split("/").pop();
  const target = name === undefined ? undefined : root.$defs?.[name];
  return target ? { ...target, ...at } : at;
}

/** A setting's name in the reader's language. */
export function fieldName(path: readonly string[]): string {
  const [dotted, name] = [path.join("."), path.at(-1) ?? ""];
  const told = phrase(dotted);
  return told === dotted ? titled(name) : told;
}

function titled(name: string): string {
  const words = name.replace(/_(mm|ml|deg|hu|percent)$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function valueAt(tree: Tree, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (at as Tree | undefined)?.[name], tree);
}

export function withValue(tree: Tree, path: readonly string[], value: unknown): Tree {
  const [name, ...rest] = path;
  if (name === undefined) return tree;
  return { ...tree, [name]: rest.length === 0 ? value : withValue((tree[name] ?? {}) as Tree, rest, value) };
}
