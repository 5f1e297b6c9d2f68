// Writes src/api/schema.d.ts, the types of the server's answers, from web/openapi.json (`make api` writes it; `limner serve` shows it at
// /api/openapi.json). Written here because openapi-typescript still needs the compiler of TypeScript 5.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const literal = (value) => JSON.stringify(value);
const name = (ref) => ref.split("/").pop();
const key = (text) => (/^[A-Za-z_$][\w$]*$/.test(text) ? text : literal(text));
const grouped = (type) => (type.includes(" | ") ? `(${type})` : type);

/** The TypeScript type of a JSON schema; what it does not know becomes `unknown`. */
function typeOf(schema) {
  if (!schema || schema === true) return "unknown";
  if (schema.$ref) return name(schema.$ref);
  if ("const" in schema) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(" | ");
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return [...new Set(either.map(typeOf))].join(" | ");
  if (schema.allOf) return schema.allOf.map((one) => grouped(typeOf(one))).join(" & ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(" | ");
  switch (schema.type) {
    case "string":
      return schema.format === "binary" ? "Blob" : "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      if (schema.prefixItems) return `readonly [${schema.prefixItems.map(typeOf).join(", ")}]`;
      return `readonly ${grouped(typeOf(schema.items))}[]`;
    case "object":
      return objectOf(schema);
    default:
      return schema.properties ? objectOf(schema) : "unknown";
  }
}

function objectOf(schema) {
  const { properties, required = [], additionalProperties: more } = schema;
  if (!properties) return `Readonly<Record<string, ${typeOf(more)}>>`;
  const lines = Object.entries(properties).map(([field, of]) => {
    // what has a default is always there in an answer, and may be left out of a request
    const mark = required.includes(field) || "default" in of ? "" : "?";
    const note = of.description ? `  /** ${of.description.replaceAll("*/", "")} */\n` : "";
    return `${note}  readonly ${key(field)}${mark}: ${typeOf(of)};`;
  });
  return `{\n${lines.join("\n")}\n}`;
}

const document = JSON.parse(await readFile(here("openapi.json"), "utf8"));
const schemas = Object.entries(document.components?.schemas ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
const text = schemas.map(([title, schema]) => {
  const note = schema.description ? `/** ${schema.description.replaceAll("*/", "").split("\n")[0]} */\n` : "";
  return `${note}export type ${title.replace(/\W/g, "_")} = ${typeOf(schema)};\n`;
});
const head = "// Generated from openapi.json by `npm run api`; changes belong into the server's models.\n\n";
await writeFile(here("src/api/schema.d.ts"), head + text.join("\n"));
console.log(`${schemas.length} types written`);
