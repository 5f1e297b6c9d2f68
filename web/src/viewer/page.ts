// Reading the scene out of the page: nothing is fetched, so the page works from file:// and without a network.
import type { SceneData } from "../model/structure";

function block(id: string): string {
  const element = document.getElementById(id);
  if (!element?.textContent) throw new Error(`The page has no block #${id}; it was not written completely.`);
  return element.textContent;
}

export function readScene(): SceneData {
  return JSON.parse(block("limner-scene")) as SceneData;
}

/** The GLB file that the page carries in base64. */
export function readGlb(): ArrayBuffer {
  const text = atob(block("limner-glb").trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes.buffer;
}
