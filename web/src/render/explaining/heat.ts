// Heat over a picture: grey values of a layer (128 is nothing) as colours whose opacity grows with the strength.
//
// Grad-CAM only speaks for an answer and goes from dark red to yellow, so that strength is seen without colour, too.
// LIME speaks for (orange) and against (blue): two hues that people with any colour vision tell apart.

export const NOTHING = 128;
const MOST = 127;

type Rgb = readonly [number, number, number];
const FOR: Rgb = [255, 128, 20];
const AGAINST: Rgb = [64, 140, 255];
/** Stops of the warm scale, evenly spaced. */
const WARM: readonly Rgb[] = [
  [80, 0, 40],
  [190, 30, 45],
  [245, 120, 20],
  [255, 225, 90],
];

/** A layer's grey values and its size, as they come out of the PNG. */
export interface Layer {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8Array;
}

/** −1 to 1. */
export function strength(value: number): number {
  return Math.max(-1, Math.min(1, (value - NOTHING) / MOST));
}

function mixed(one: Rgb, other: Rgb, share: number): Rgb {
  const at = (k: 0 | 1 | 2) => one[k] + share * (other[k] - one[k]);
  return [at(0), at(1), at(2)];
}

/** The warm colour of a strength from 0 to 1. */
export function warm(s: number): Rgb {
  const place = Math.max(0, Math.min(1, s)) * (WARM.length - 1);
  const low = Math.min(Math.floor(place), WARM.length - 2);
  return mixed(WARM[low] ?? FOR, WARM[low + 1] ?? FOR, place - low);
}

/** Weak heat hardly hides the picture: opacity grows faster than strength. */
const STEEP = 1.25;

/** Colour and opacity (0–255) of each grey value. */
function table(signed: boolean): Uint8ClampedArray {
  const found = new Uint8ClampedArray(4 * 256);
  for (let value = 0; value < 256; value += 1) {
    const s = strength(value);
    const shown = signed ? Math.abs(s) : Math.max(0, s);
    found.set([...(signed ? (s >= 0 ? FOR : AGAINST) : warm(shown)), 255 * shown ** STEEP], 4 * value);
  }
  return found;
}

const TABLES = { signed: table(true), warm: table(false) };

/** RGBA of a layer, for a canvas of the same size. */
export function heatPixels(layer: Layer, signed: boolean): ImageData {
  const colours = signed ? TABLES.signed : TABLES.warm;
  const image = new ImageData(layer.width, layer.height);
  layer.values.forEach((value, at) => image.data.set(colours.subarray(4 * value, 4 * value + 4), 4 * at));
  return image;
}

/** The rim of what a layer marks (0 is outside), as RGBA. */
export function rimPixels(layer: Layer, colour: (value: number) => Rgb): ImageData {
  const { width, height, values } = layer;
  const image = new ImageData(width, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * width + x;
      const value = values[at] ?? 0;
      const rim = (x > 0 && values[at - 1] !== value) || (y > 0 && values[at - width] !== value);
      if (rim) image.data.set([...colour(Math.max(value, values[at - 1] ?? 0)), 255], 4 * at);
    }
  }
  return image;
}

/** Grey values of a PNG; the server writes them in one channel. */
export async function readLayer(png: Blob): Promise<Layer> {
  const bitmap = await createImageBitmap(png, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser draws no canvas.");
  context.drawImage(bitmap, 0, 0);
  const rgba = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
  const values = new Uint8Array(bitmap.width * bitmap.height);
  for (let at = 0; at < values.length; at += 1) values[at] = rgba[4 * at] ?? 0;
  return { width: bitmap.width, height: bitmap.height, values };
}
