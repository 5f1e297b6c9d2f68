// One pane on the page: a canvas that the reader points at, and what it is called for those who do not see it.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Plane } from "../../model/reading/grid";
import { say } from "../../model/words";
import { PaneView } from "../../render/reading/pane";
import type { Board, Desk } from "../../tools/reading/desk";
import { PanePointer } from "../../tools/reading/pointer";
import { paneWords } from "./pane_words";

interface PaneProps {
  readonly desk: Desk;
  readonly board: Board;
  readonly plane: Plane;
  /** Told of the pane while it stands. */
  readonly onPane?: (pane: PaneView, there: boolean) => void;
  readonly under?: () => boolean;
  readonly large?: () => void;
}

export function Pane({ desk, board, plane, onPane, under, large }: PaneProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const pane = new PaneView(canvas.current!, board.slices[plane], desk.reading, paneWords(board, desk.reading), under);
    new PanePointer(
      { canvas: pane.canvas, plane, view: board.view, viewport: () => pane.viewport() },
      desk.reading,
      () => board.series.peek()?.id ?? "",
    );
    onPane?.(pane, true);
    return () => {
      onPane?.(pane, false);
      pane.close();
    };
  }, [desk, board, plane]);
  const { tool } = desk.reading;
  return (
    <div class={`rd-pane tool-${tool.value}`} data-plane={plane}>
      <canvas ref={canvas} tabIndex={0} role="img" aria-label={say(`read.${plane}`)} onDblClick={large} />
    </div>
  );
}
