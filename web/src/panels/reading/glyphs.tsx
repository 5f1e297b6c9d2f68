// The signs of the reading tools and layouts: lines on a grid of 24, as `panels/icon.tsx`.
import type { JSX } from "preact";
import type { Layout, Tool } from "../../model/reading/reading";

const PATHS: Readonly<Record<Tool | Layout | "invert" | "reset" | "overlays" | "eye" | "off", string>> = {
  cross: "M12 3v6M12 15v6M3 12h6M15 12h6",
  window: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 4v16M12 8h5.500M12 12h8M12 16h6",
  pan: "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
  zoom: "M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zM15.300 15.300 20.500 20.500M10.500 7.800v5.400M7.800 10.500h5.400",
  length: "M4 20 20 4M2.500 18.500l3 3M18.500 2.500l3 3",
  angle: "M20 19H4L17 5M9.500 19a6 6 0 0 0-1.600-4",
  ellipse: "M12 6.500c5 0 8.500 2.500 8.500 5.500s-3.500 5.500-8.500 5.500S3.500 15 3.500 12 7 6.500 12 6.500z",
  probe: "M12 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM12 3v3M12 18v3M3 12h3M18 12h3",
  one: "M4 5h16v14H4z",
  mpr: "M4 5h16v14H4zM14 5v14M14 12h6",
  mpr3d: "M4 5h16v14H4zM12 5v14M4 12h16",
  compare: "M3.500 6h7.500v12H3.500zM13 6h7.500v12H13z",
  invert: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 4v16M12 6l6 6M12 11l5 5M12 16l2 2",
  reset: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5M9.500 9.500h5v5h-5z",
  overlays: "M12 4 20.500 8.500 12 13 3.500 8.500zM4.500 12.500 12 16.500l7.500-4M4.500 16 12 20l7.500-4",
  eye: "M2.500 12C5 7.500 8.300 5.500 12 5.500s7 2 9.500 6.500c-2.500 4.500-5.800 6.500-9.500 6.500S5 16.500 2.500 12zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z",
  off: "M4 4l16 16M6.500 7.500C5 8.600 3.700 10 2.500 12c2.500 4.500 5.800 6.500 9.500 6.500 1.600 0 3-.4 4.400-1.100M9.500 5.800c.8-.2 1.600-.3 2.500-.3 3.700 0 7 2 9.500 6.500-.7 1.200-1.400 2.200-2.200 3",
};

export type GlyphName = keyof typeof PATHS;

export function Glyph({ name, size = 20 }: { name: GlyphName; size?: number }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
