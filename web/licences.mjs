// A Vite plugin: writes LICENSES.txt with the licence of every package whose code is in the bundle, and of no other.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of the package that a module of node_modules belongs to; null for our own modules. */
function packageFolder(id) {
  const at = id.replaceAll("\\", "/").lastIndexOf("/node_modules/");
  if (at < 0) return null;
  const [scope, name] = id.slice(at + "/node_modules/".length).split("/");
  return join(id.slice(0, at), "node_modules", scope, scope.startsWith("@") ? name : "");
}

function licence(folder) {
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${about.license ?? "not stated"}`;
  return `${about.name} ${about.version}\n\n${text}\n`;
}

export function licences() {
  const folders = new Set();
  return {
    name: "limner-licences",
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        for (const id of chunk.moduleIds ?? Object.keys(chunk.modules ?? {})) {
          let folder = packageFolder(id.replace(/^\0/, "").split("?")[0]);
          while (folder && !existsSync(join(folder, "package.json"))) folder = dirname(folder);
          if (folder) folders.add(folder);
        }
      }
      const source = [...folders].sort().map(licence).join(`\n${"-".repeat(80)}\n\n`);
      this.emitFile({ type: "asset", fileName: "LICENSES.txt", source });
    },
  };
}
