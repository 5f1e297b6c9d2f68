// What stands in a pane's corners: which slice, where it is, how it is windowed.
import { AXES, type Grid, type Plane } from "../../model/reading/grid";
import type { Slab } from "../../model/reading/slab";
import { isoDate } from "../../model/format";
import { sayOr, say } from "../../model/words";
import type { Reading } from "../../model/reading/reading";
import { rounded } from "../../render/reading/annotate";
import type { PaneWords } from "../../render/reading/pane";
import type { Board } from "../../tools/reading/desk";

/** How thick a slab is, as whole slices allow. */
function thickness_mm(grid: Grid, plane: Plane, { mm }: Slab): string {
  const spacing = grid.spacing[AXES[plane].w];
  return rounded(Math.max(1, Math.round(mm / spacing)) * spacing);
}

export function paneWords(board: Board, { layout }: Reading): PaneWords {
  return {
    corner(view, plane, slice) {
      const { grid } = view.volume.peek()!;
      const { w } = AXES[plane];
      const mm = grid.world(view.cross.peek())[w];
      const count = grid.size[w];
      // axial slices are counted from the head, as stacks are read; the position is the scanner's
      const number = plane === "axial" ? count - slice : slice + 1;
      const slab = view.slab.peek();
      const lines = [`${say(`read.${plane}`)}  ${number} / ${count}`, `${mm.toFixed(1)} mm`];
      if (slab) lines.push(`${say(`read.slab_${slab.mode}`)}  ${thickness_mm(grid, plane, slab)} mm`);
      return layout.peek() === "compare" ? [isoDate(board.date.peek()), ...lines] : lines;
    },
    foot(view, plane) {
      if (plane !== "axial" && layout.peek() !== "one") return []; // one window for all panes: said once
      const { name, center, width } = view.window.peek();
      const unit = board.series.peek()?.unit ?? "";
      const called = name ? `${sayOr(`read.window_${name.replace("-", "_")}`, name)}  ` : "";
      return [`${called}${say("read.center_width", { center: rounded(center), width: rounded(width) })} ${unit}`.trim()];
    },
  };
}
