// A Vite plugin: lays NAME.gz beside what is worth packing, so that the server sends it without packing it each time.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const WORTH = /\.(js|css|html|svg|wasm|txt)$/;
const SMALLEST_BYTES = 1024;

export function pack() {
  return {
    name: "limner-pack",
    apply: "build",
    writeBundle({ dir }) {
      for (const name of readdirSync(dir, { recursive: true })) {
        if (!WORTH.test(name)) continue;
        const content = readFileSync(join(dir, name));
        if (content.length >= SMALLEST_BYTES) writeFileSync(join(dir, `${name}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  };
}
