// One pane: the picture, a layer of heat over it, and the point that the pointer is over on any pane.
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { hover, view } from "../../tools/explaining/state";
import { placeOf } from "../../model/explaining/view";
import { attachLook } from "../../tools/explaining/look";

export interface Overlay {
  readonly pixels: ImageData;
  readonly opacity: number;
  /** Heat is blurred when it is enlarged; outlines keep their edges. */
  readonly sharp?: boolean;
}

interface Props {
  readonly picture: string;
  readonly label: string;
  readonly aspect: number;
  readonly overlays: readonly Overlay[];
  readonly onShown?: () => void;
  readonly children?: ComponentChildren;
}

function Drawn({ overlay }: { overlay: Overlay }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(overlay.pixels, 0, 0);
  }, [overlay.pixels]);
  const { width, height } = overlay.pixels;
  return <canvas ref={canvas} class={overlay.sharp ? "ex-layer ex-sharp" : "ex-layer"} width={width} height={height} style={{ opacity: overlay.opacity }} />;
}

function Cross() {
  const shown = useComputed(() => (hover.value ? placeOf(view.value, hover.value) : null)).value;
  if (!shown || shown.x < 0 || shown.y < 0 || shown.x > 1 || shown.y > 1) return null;
  return <span class="ex-cross" aria-hidden="true" style={{ left: `${100 * shown.x}%`, top: `${100 * shown.y}%` }} />;
}

export function Pane({ picture, label, aspect, overlays, onShown, children }: Props) {
  const pane = useRef<HTMLDivElement>(null);
  useEffect(() => (pane.current ? attachLook(pane.current) : undefined), []);
  const transform = useComputed(() => {
    const { zoom, x, y } = view.value;
    return `translate(${50 - 100 * x * zoom}%, ${50 - 100 * y * zoom}%) scale(${zoom})`;
  });
  return (
    <div ref={pane} class="ex-pane" tabIndex={0} role="group" aria-label={label} style={{ aspectRatio: String(aspect) }}>
      <div class={view.value.zoom > 4 ? "ex-world ex-pixels" : "ex-world"} style={{ transform: transform.value }}>
        <img class="ex-layer" src={picture} alt={label} draggable={false} onLoad={onShown} />
        {overlays.map((overlay, number) => (
          <Drawn key={`${number} ${overlay.pixels.width}`} overlay={overlay} />
        ))}
        {children}
      </div>
      <Cross />
    </div>
  );
}
