// Which engine draws the slices: the graphics card's (NiiVue) once the whole volume has come, the processor's until
// then, while an overlay of heat lies over it, while several slices are shown as one (a slab), and wherever WebGL is
// emulated.
//
// Measured without a graphics card, two cores, 1366 × 768 (`limner bench workstation`, built-in study): a scrolled slice
// takes the processor's engine one frame of 17 ms in every layout, NiiVue on emulated WebGL 90 ms in one pane and 148 ms in
// three; a new window makes it fill its 3-D texture again, which takes seconds there.
import { type Signal, effect, signal } from "@preact/signals";
import { fail } from "../../model/toasts";
import type { Tint } from "../../render/reading/lut";
import type { NiivueEngine, Tile } from "../../render/reading/niivue";
import type { PaneView } from "../../render/reading/pane";
import type { Desk } from "./desk";

export class CardEngine {
  /** Whether the card's engine draws now. */
  readonly draws: Signal<boolean> = signal(false);
  private readonly ready: Signal<NiivueEngine | null> = signal(null);
  private readonly panes: Signal<readonly PaneView[]> = signal([]);
  private place: HTMLElement | null = null;
  private wanted = false;
  private starting = false;
  private laid: Uint8Array | Uint16Array | null = null;
  private tinted: readonly (Tint | null)[] = [];
  /** What the last frame took; tests and the bench read it. */
  frame_ms = 0;
  frames = 0;

  constructor(private readonly desk: Desk) {}

  take(pane: PaneView, there: boolean): void {
    const rest = this.panes.peek().filter((one) => one !== pane);
    this.panes.value = there ? [...rest, pane] : rest;
  }

  /** Follows the reading; gives back how to stop. */
  watch(place: HTMLElement, canvas: HTMLCanvasElement): () => void {
    this.place = place;
    const { view } = this.desk.reading;
    const stops = [
      effect(() => {
        const { value: volume } = view.volume;
        void view.arrived.value;
        if (volume?.whole && !this.ready.value && !this.starting) void this.start(canvas);
      }),
      effect(() => this.dress()),
      effect(() => {
        void [view.cross.value, view.camera.value, view.window.value, view.invert.value, this.panes.value];
        void this.desk.reading.layout.value;
        this.draws.value = this.ready.value !== null && view.heat.value === null && view.slab.value === null;
        this.want();
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      this.ready.peek()?.close();
      this.ready.value = null;
    };
  }

  /** Brings labels and their colours to the card: each change of either fills its texture again, so only on a change. */
  private dress(): void {
    const { view } = this.desk.reading;
    const [engine, volume] = [this.ready.value, view.volume.value];
    void [view.labelStates.value, view.labelColors.value];
    const labels = this.desk.reading.overlays.value ? (view.labels.value?.data ?? null) : null;
    const tints = this.tints();
    if (!engine || !volume) return;
    if (labels !== this.laid) engine.setLabels(volume, labels, tints).then(() => this.want(), fail);
    else if (labels && tints !== this.tinted) engine.tint(tints);
    [this.laid, this.tinted] = [labels, tints];
    this.want();
  }

  private tints(): readonly (Tint | null)[] {
    return this.desk.main.looks.tints.value;
  }

  private async start(canvas: HTMLCanvasElement): Promise<void> {
    this.starting = true;
    const asked = this.desk.engine.peek();
    if (asked === "canvas") return;
    const volume = this.desk.reading.view.volume.peek();
    if (!volume) return;
    try {
      if (asked !== "niivue") {
        const { hasGraphicsCard } = await import("../../render/reading/card");
        if (!hasGraphicsCard()) return;
      }
      const { NiivueEngine } = await import("../../render/reading/niivue");
      this.ready.value = await NiivueEngine.on(canvas, volume);
    } catch (error) {
      fail(error); // the processor's engine goes on
    }
  }

  private want(): void {
    if (this.wanted || !this.ready.peek()) return;
    this.wanted = true;
    requestAnimationFrame(() => {
      this.wanted = false;
      this.draw();
    });
  }

  private draw(): void {
    const engine = this.ready.peek();
    const { view } = this.desk.reading;
    if (!engine || !this.draws.peek() || !this.place) return;
    const start = performance.now();
    const box = this.place.getBoundingClientRect();
    const tiles = this.panes.peek().flatMap((pane): Tile[] => {
      const viewport = pane.view === view ? pane.viewport() : null;
      if (!viewport) return [];
      const { left, top } = pane.canvas.getBoundingClientRect();
      return [{ viewport, left: left - box.left, top: top - box.top }];
    });
    const { center, width } = view.window.peek();
    engine.draw(tiles, view.cross.peek(), { center, width, invert: view.invert.peek() });
    this.frame_ms = performance.now() - start;
    this.frames += 1;
    for (const pane of this.panes.peek()) pane.want(); // their own picture gives way
  }
}
