// The left button with a tool that changes labels; with a click the right one, too, which says outside. All else (wheel,
// other buttons, two fingers, the cross-hair) goes on to the Read page's pointer, which listens on the same canvas after it.
import { AXES, type Plane, type Vec3, withAxis } from "../../model/reading/grid";
import type { PaneView } from "../../render/reading/pane";
import type { CorrectDesk } from "./desk";

export class PaintPointer {
  private painting: number | null = null;

  constructor(
    private readonly pane: PaneView,
    private readonly desk: CorrectDesk,
    /** Told where the pointer is, grid mm; null where it has left. */
    private readonly hover: (at: Vec3 | null) => void,
  ) {
    const { canvas } = pane;
    canvas.addEventListener("pointerdown", (event) => this.down(event), { capture: true });
    canvas.addEventListener("pointermove", (event) => this.move(event), { capture: true });
    canvas.addEventListener("pointerup", (event) => this.up(event), { capture: true });
    canvas.addEventListener("pointercancel", (event) => this.up(event), { capture: true });
    canvas.addEventListener("pointerleave", () => this.hover(null));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { capture: true, passive: false });
  }

  private get plane(): Plane {
    return this.pane.plane;
  }

  /** The point under the pointer, on the middle of the slice that is shown. */
  private at(event: MouseEvent): Vec3 | null {
    const { view } = this.pane;
    const grid = view.volume.peek()?.grid;
    if (!grid) return null;
    const { w } = AXES[this.plane];
    const cross = view.cross.peek();
    const through = withAxis(cross, w, grid.sliceAt(cross, this.plane) * grid.spacing[w]);
    return this.pane.viewport()?.point(event.offsetX, event.offsetY, through) ?? null;
  }

  private down(event: PointerEvent): void {
    const { desk } = this;
    const tool = desk.state.tool.peek();
    const second = event.button === 2 && tool === "click";
    if ((event.button !== 0 && !second) || tool === "move" || !event.isPrimary) return;
    const at = this.at(event);
    const editor = desk.editor.peek();
    event.stopImmediatePropagation();
    this.pane.canvas.focus({ preventScroll: true });
    if (!at || !editor || !desk.free) return;
    if (tool === "click") {
      const outside = second || event.shiftKey || event.altKey || desk.state.outside.peek();
      return desk.point(at, !outside);
    }
    desk.putDown();
    if (tool === "fill") return void desk.fill(this.plane, at);
    this.pane.canvas.setPointerCapture(event.pointerId);
    this.painting = event.pointerId;
    editor.begin(this.plane, at);
  }

  private move(event: PointerEvent): void {
    const at = this.at(event);
    this.hover(at);
    if (this.painting !== event.pointerId) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const point = this.at(one.target === event.target ? one : event);
      if (point) this.desk.editor.peek()?.go(this.plane, point);
    }
    event.stopImmediatePropagation();
  }

  private up(event: PointerEvent): void {
    if (this.painting !== event.pointerId) return;
    this.painting = null;
    this.desk.editor.peek()?.end();
    event.stopImmediatePropagation();
  }

  /** Shift and the wheel: the brush's size. */
  private wheel(event: WheelEvent): void {
    if (!event.shiftKey || event.ctrlKey) return;
    const by = event.deltaY || event.deltaX; // some systems turn the wheel sideways with Shift
    if (by) this.desk.state.larger(by < 0 ? 1 : -1);
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}
