// One pane: the Read page's, with what is being corrected over it.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { effect } from "@preact/signals";
import type { Plane, Vec3 } from "../../model/reading/grid";
import { say } from "../../model/words";
import { Overlay } from "../../render/correcting/overlay";
import { PaneView } from "../../render/reading/pane";
import type { CorrectDesk } from "../../tools/correcting/desk";
import { PaintPointer } from "../../tools/correcting/pointer";
import { PanePointer } from "../../tools/reading/pointer";
import { paneWords } from "../reading/pane_words";

interface PaneProps {
  readonly desk: CorrectDesk;
  readonly plane: Plane;
  readonly onPane: (pane: PaneView, there: boolean) => void;
  readonly onPaint: () => void;
}

export function Pane({ desk, plane, onPane, onPaint }: PaneProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const { board, reading } = desk;
    const pane = new PaneView(canvas.current!, board.slices[plane], reading, paneWords(board, reading));
    const overlay = new Overlay(plane);
    let hover: Vec3 | null = null;
    pane.onPaint = () => {
      lay(desk, pane, overlay, hover);
      onPaint();
    };
    new PaintPointer(pane, desk, (at) => {
      hover = at;
      pane.want();
    });
    new PanePointer(
      { canvas: pane.canvas, plane, view: board.view, viewport: () => pane.viewport() },
      reading,
      () => board.series.peek()?.id ?? "",
    );
    const stop = effect(() => {
      const { state } = desk;
      void [state.tool.value, state.radius_mm.value, state.active.value, state.found.value, state.points.value];
      void [state.difference.value, state.compare.value, desk.editor.value, state.locked.value];
      pane.want();
    });
    onPane(pane, true);
    return () => {
      stop();
      onPane(pane, false);
      pane.close();
    };
  }, [desk, plane]);
  return (
    <div class={`rd-pane co-tool-${desk.state.tool.value}`} data-plane={plane}>
      <canvas ref={canvas} tabIndex={0} role="img" aria-label={say(`read.${plane}`)} />
    </div>
  );
}

function lay(desk: CorrectDesk, pane: PaneView, overlay: Overlay, hover: Vec3 | null): void {
  const { state } = desk;
  const editor = desk.editor.peek();
  const viewport = pane.viewport();
  if (!editor || !viewport || pane.slice.shown === null) return;
  const tool = state.tool.peek();
  const color = state.label.peek()?.color ?? [255, 255, 255];
  const paints = hover && (tool === "brush" || tool === "erase");
  overlay.draw(pane.canvas.getContext("2d")!, viewport, pane.slice.shown, {
    labels: editor.labels,
    base: editor.base,
    active: state.active.peek(),
    difference: state.difference.peek(),
    compare: state.compare.peek(),
    shown: (label) => desk.reading.view.labelStates.peek()[label]?.visible ?? false,
    found: state.found.peek(),
    taken: state.taken.peek(),
    points: state.points.peek(),
    brush: paints
      ? { at: hover, radius_mm: state.radius_mm.peek(), color: `rgb(${color.join(",")})`, dashed: tool === "erase" }
      : null,
  });
}
