// Builds both: the scene inside a report (one script, one style sheet) and the workstation (a page and its chunks).
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { licences } from "./licences.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The report carries viewer.js and viewer.css within itself and opens from file://, so they are whole and plain. */
const viewer = {
  configFile: false,
  root: here("."),
  publicDir: false,
  logLevel: "warn",
  plugins: [licences()],
  build: {
    outDir: here("../src/limner/report/viewer"),
    emptyOutDir: true,
    target: ["es2020", "chrome90", "firefox90", "safari15"],
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    lib: {
      entry: here("src/viewer/main.ts"),
      name: "limnerViewer",
      formats: ["iife"],
      fileName: () => "viewer.js",
      cssFileName: "viewer",
    },
  },
};

const which = process.argv[2]; // "viewer" or "workstation"; both without
if (which !== "workstation") await build(viewer);
if (which !== "viewer") await build({ configFile: here("vite.config.mjs"), logLevel: "warn" });
