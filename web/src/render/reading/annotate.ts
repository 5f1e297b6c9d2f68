// What stands over the picture: cross-hair, letters, scale bar, slice number, measurements. Drawn for every engine.
import { AXES, LETTERS, type Plane, type Vec3 } from "../../model/reading/grid";
import { type Measure, POINTS, angle_deg, length_mm, type RegionStats } from "../../model/reading/measure";
import type { Viewport } from "../../model/reading/viewport";
import { scaled } from "../rem";

export interface Notes {
  readonly cross: Vec3 | null;
  /** Drawn thin and interrupted at the middle, so that what it points at is seen. */
  readonly corner: readonly string[];
  readonly foot: readonly string[];
  readonly measures: readonly { readonly measure: Measure; readonly text: string; readonly chosen: boolean }[];
  readonly draft: { readonly kind: Measure["kind"]; readonly points: readonly Vec3[] } | null;
  /** A ring at the chosen finding, grid mm. */
  readonly target: Vec3 | null;
}

const font = (px: number, weight = 400): string => `${weight} ${scaled(px)}px system-ui, sans-serif`;
const line = (): number => scaled(16);
/** Colour of the line that shows where each plane cuts. */
export const CROSS: Readonly<Record<Plane, string>> = { axial: "#e8b84a", coronal: "#5fb7e5", sagittal: "#7fd08a" };
const INK = "#d7dde3";
const MEASURE = "#ffd866";

export function annotate(context: CanvasRenderingContext2D, viewport: Viewport, notes: Notes): void {
  context.save();
  context.font = font(12);
  context.lineWidth = 1;
  if (notes.cross) crossHair(context, viewport, notes.cross);
  if (notes.target) ring(context, viewport, notes.target);
  for (const one of notes.measures) {
    drawMeasure(context, viewport, one.measure.kind, one.measure.points, one.text, one.chosen);
  }
  if (notes.draft) drawMeasure(context, viewport, notes.draft.kind, notes.draft.points, "", true);
  letters(context, viewport);
  scaleBar(context, viewport);
  const narrow = viewport.box.width < scaled(250); // the letter above would stand in the text
  text(context, notes.corner, scaled(10), scaled(narrow ? 36 : 22), "left");
  text(context, notes.foot, scaled(10), viewport.box.height - scaled(10) - line() * (notes.foot.length - 1), "left");
  context.restore();
}

/** Text with a dark rim: readable on bone and on air. */
function write(context: CanvasRenderingContext2D, said: string, x: number, y: number, ink = INK): void {
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = "rgba(0,0,0,.75)";
  context.strokeText(said, x, y);
  context.fillStyle = ink;
  context.fillText(said, x, y);
  context.lineWidth = 1;
}

function text(c: CanvasRenderingContext2D, lines: readonly string[], x: number, y: number, align: CanvasTextAlign): void {
  c.textAlign = align;
  c.textBaseline = "alphabetic";
  lines.forEach((one, row) => write(c, one, x, y + row * line()));
}

function letters(context: CanvasRenderingContext2D, { plane, box }: Viewport): void {
  const [left, right, top, bottom] = LETTERS[plane];
  context.textBaseline = "middle";
  context.font = font(13, 600);
  context.textAlign = "left";
  write(context, left, scaled(8), box.height / 2);
  context.textAlign = "right";
  write(context, right, box.width - scaled(8), box.height / 2);
  context.textAlign = "center";
  write(context, top, box.width / 2, scaled(16));
  write(context, bottom, box.width / 2, box.height - scaled(14));
  context.font = font(12);
}

/** The lines show where the other two panes cut, each in that pane's colour. */
function crossHair(context: CanvasRenderingContext2D, viewport: Viewport, cross: Vec3): void {
  const [x, y] = viewport.pixel(cross).map((one) => Math.round(one) + 0.5) as [number, number];
  const { width, height } = viewport.box;
  const { u, v } = AXES[viewport.plane];
  const of = (axis: 0 | 1 | 2): string => CROSS[(["sagittal", "coronal", "axial"] as const)[axis]];
  const gap = 9;
  const stroke = (x0: number, y0: number, x1: number, y1: number) => {
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
  };
  context.globalAlpha = 0.75;
  context.strokeStyle = of(u);
  context.beginPath();
  stroke(x, 0, x, y - gap);
  stroke(x, y + gap, x, height);
  context.stroke();
  context.strokeStyle = of(v);
  context.beginPath();
  stroke(0, y, x - gap, y);
  stroke(x + gap, y, width, y);
  context.stroke();
  context.globalAlpha = 1;
}

function ring(context: CanvasRenderingContext2D, viewport: Viewport, at: Vec3): void {
  const [x, y] = viewport.pixel(at);
  context.strokeStyle = "rgba(255,216,102,.9)";
  context.setLineDash([3, 4]);
  context.beginPath();
  context.arc(x, y, 16, 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
}

/** 1, 2 or 5 times a power of ten millimetres, about a sixth of the pane. */
export function scaleBar_mm(box: { width: number }, scale: number): number {
  const aim = box.width / 6 / scale;
  const power = 10 ** Math.floor(Math.log10(aim));
  return ([5, 2, 1].find((one) => one * power <= aim) ?? 1) * power;
}

function scaleBar(context: CanvasRenderingContext2D, { box, scale }: Viewport): void {
  const mm = scaleBar_mm(box, scale);
  const size = mm * scale;
  const [right, y] = [box.width - scaled(12), box.height - scaled(14)];
  context.strokeStyle = INK;
  context.beginPath();
  context.moveTo(right - size, y - 4);
  context.lineTo(right - size, y + 0.5);
  context.lineTo(right, y + 0.5);
  context.lineTo(right, y - 4);
  context.stroke();
  context.textAlign = "right";
  context.textBaseline = "alphabetic";
  write(context, mm >= 10 ? `${mm / 10} cm` : `${mm} mm`, right, y - scaled(7));
}

function drawMeasure(
  context: CanvasRenderingContext2D,
  viewport: Viewport,
  kind: Measure["kind"],
  world: readonly Vec3[],
  label: string,
  chosen: boolean,
): void {
  const at = world.map((one) => viewport.pixel(viewport.grid.grid(one)));
  if (!at.length) return;
  context.strokeStyle = context.fillStyle = chosen ? "#fff" : MEASURE;
  context.lineWidth = chosen ? 2 : 1.5;
  context.beginPath();
  if (kind === "ellipse" && at.length > 1) {
    const [[ax, ay], [bx, by]] = at as [[number, number], [number, number]];
    context.ellipse((ax + bx) / 2, (ay + by) / 2, Math.abs(ax - bx) / 2, Math.abs(ay - by) / 2, 0, 0, 2 * Math.PI);
  } else {
    at.forEach(([x, y], n) => (n ? context.lineTo(x, y) : context.moveTo(x, y)));
  }
  context.stroke();
  for (const [x, y] of at) {
    context.beginPath();
    context.arc(x, y, kind === "probe" ? 3.5 : 2.5, 0, 2 * Math.PI);
    context.fill();
  }
  if (label && at.length >= POINTS[kind]) {
    const [x, y] = at.reduce((far, one) => (one[0] > far[0] ? one : far));
    context.textAlign = x > viewport.box.width - scaled(120) ? "right" : "left";
    context.textBaseline = "middle";
    label.split("\n").forEach((one, row) => {
      write(context, one, x + (context.textAlign === "right" ? -8 : 8), y + row * line() - scaled(6), MEASURE);
    });
  }
}

/** What a measurement says beside itself. */
export function measureText(measure: Measure, unit: string, stats: RegionStats | null, value: number | null): string {
  switch (measure.kind) {
    case "length":
      return `${length_mm(measure).toFixed(1)} mm`;
    case "angle":
      return `${angle_deg(measure).toFixed(1)}°`;
    case "probe":
      return value === null ? "–" : `${rounded(value)} ${unit}`.trim();
    case "ellipse":
      if (!stats) return "–";
      return `${stats.mean.toFixed(1)} ± ${stats.sd.toFixed(1)} ${unit}`.trim() + `\n${(stats.area_mm2 / 100).toFixed(2)} cm²`;
  }
}

export function rounded(value: number): string {
  return Math.abs(value) < 10 && !Number.isInteger(value) ? value.toFixed(2) : String(Math.round(value));
}
