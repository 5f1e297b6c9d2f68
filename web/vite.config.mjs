// The workstation: `npm run dev` serves it beside a running `limner serve`, `npm run build` writes it into the package.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { licences } from "./licences.mjs";
import { pack } from "./pack.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env.LIMNER_SERVER ?? "http://127.0.0.1:8600";

export default defineConfig({
  root: here("."),
  plugins: [licences(), pack()],
  build: {
    outDir: here("../src/limner/serve/web"),
    emptyOutDir: true,
    target: ["chrome109", "firefox115", "safari16.4"],
    assetsInlineLimit: 0, // fonts and workers as data: are forbidden by the server's CSP
    chunkSizeWarningLimit: 1400, // NiiVue and three.js are chunks of their own, loaded by the pages that need them
    reportCompressedSize: false,
  },
  server: { fs: { allow: [here("..")] }, proxy: { "/api": server, "/dicom-web": server } },
});
