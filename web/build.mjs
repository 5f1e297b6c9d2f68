// Bundles the viewer into the package: one script, one style sheet and the licences of what is inside.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { context } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = here("../src/limner/report/viewer/");

const bundle = await context({
  entryPoints: [
    { in: here("src/app/main.ts"), out: "viewer" },
    { in: here("src/app/viewer.css"), out: "viewer" },
  ],
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2020", "chrome90", "firefox90", "safari15"],
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
});

await mkdir(out, { recursive: true });
if (process.argv.includes("--watch")) {
  await bundle.watch();
  console.log("watching web/src");
} else {
  await bundle.rebuild();
  await bundle.dispose();
  await writeFile(`${out}LICENSES.txt`, `three.js\n\n${await readFile(here("node_modules/three/LICENSE"), "utf8")}`);
}
