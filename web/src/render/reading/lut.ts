// Look-up tables: stored 16-bit values to grey, labels to colours, heat to colours. Pixels are 32-bit ABGR words, as
// canvas image data lie in the memory of every little-endian machine.
import type { SeriesInfo } from "../../model/reading/series";

export type Rgb = readonly [number, number, number];

export interface Shown {
  readonly center: number;
  readonly width: number;
  readonly invert: boolean;
}

const STORED = 65536;

/** Grey of each stored value, at index value + 32768 (DICOM PS3.3 C.11.2.1.2, the linear function). */
export function windowTable(info: Pick<SeriesInfo, "slope" | "intercept">, shown: Shown): Uint32Array {
  const table = new Uint32Array(STORED);
  const low = shown.center - shown.width / 2;
  for (let at = 0; at < STORED; at++) {
    const value = (at - 32768) * info.slope + info.intercept;
    const share = Math.min(1, Math.max(0, (value - low) / shown.width));
    const grey = Math.round(255 * (shown.invert ? 1 - share : share));
    table[at] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return table;
}

/** How one label is laid over the picture; shares of 0 to 255. */
export interface Tint {
  readonly rgb: Rgb;
  readonly fill: number;
  readonly edge: number;
}

export function tintOf(rgb: Rgb, opacity: number): Tint {
  return { rgb, fill: Math.round(255 * Math.min(1, opacity * 0.5)), edge: Math.round(255 * Math.min(1, opacity * 1.6)) };
}

/** The pixel with a colour laid over it; `alpha` of 0 to 255. */
export function over(pixel: number, rgb: Rgb, alpha: number): number {
  const [r, g, b] = [pixel & 0xff, (pixel >> 8) & 0xff, (pixel >> 16) & 0xff];
  const mix = (under: number, above: number) => under + (((above - under) * alpha) >> 8);
  return (0xff000000 | (mix(b, rgb[2]) << 16) | (mix(g, rgb[1]) << 8) | mix(r, rgb[0])) >>> 0;
}

/** Colours of −1 to 1: against in blue, nothing clear, for in yellow to red. 511 steps of rgb and alpha. */
export function heatTable(): readonly (readonly [Rgb, number])[] {
  return Array.from({ length: 511 }, (_, at) => {
    const share = (at - 255) / 255;
    const size = Math.abs(share);
    const rgb: Rgb = share < 0 ? [60, 140 - 40 * size, 255] : [255, Math.round(225 * (1 - size) + 30), 40];
    return [rgb, Math.round(255 * Math.min(1, size * 1.4) ** 0.8)] as const;
  });
}

/** Colours of 0 to 1 that grow evenly lighter, readable by the colour-blind (viridis, seven knots). 256 steps. */
export function shareTable(): readonly (readonly [Rgb, number])[] {
  const knots: Rgb[] = [
    [68, 1, 84], [70, 50, 127], [54, 92, 141], [39, 127, 142], [31, 161, 135], [74, 194, 109], [253, 231, 37],
  ];
  return Array.from({ length: 256 }, (_, at) => {
    const place = (at / 255) * (knots.length - 1);
    const [a, b] = [knots[Math.floor(place)]!, knots[Math.ceil(place)]!];
    const part = place % 1;
    const rgb = a.map((one, c) => Math.round(one + (b[c]! - one) * part)) as unknown as Rgb;
    return [rgb, at === 0 ? 0 : 255] as const;
  });
}
