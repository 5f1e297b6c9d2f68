// The panes in their layout, and under them the canvas of the graphics card's engine where there is one.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { PLANES, type Plane } from "../../model/reading/grid";
import { say } from "../../model/words";
import type { PaneView } from "../../render/reading/pane";
import type { Desk } from "../../tools/reading/desk";
import { CardEngine } from "../../tools/reading/engine";
import { Pane } from "./pane";
import { ScenePane } from "./scene_pane";

export function Panes({ desk, onPane }: { desk: Desk; onPane: (pane: PaneView, there: boolean) => void }): JSX.Element {
  const { reading, main, other } = desk;
  const layout = reading.layout.value;
  const place = useRef<HTMLDivElement>(null);
  const card = useRef<HTMLCanvasElement>(null);
  const [engine] = useState(() => (desk.card = new CardEngine(desk)));
  useEffect(() => engine.watch(place.current!, card.current!), [engine]);
  const pane = (plane: Plane): JSX.Element => (
    <Pane
      key={`main-${plane}`}
      desk={desk}
      board={main}
      plane={plane}
      under={() => engine.draws.peek()}
      large={() => enlarge(desk, plane)}
      onPane={(one, there) => {
        engine.take(one, there);
        onPane(one, there);
      }}
    />
  );
  return (
    <div ref={place} class={`rd-panes layout-${layout}`} data-engine={engine.draws.value ? "niivue" : "canvas"}>
      <canvas ref={card} class="rd-card" aria-hidden="true" />
      {layout === "one" && pane(reading.plane.value)}
      {(layout === "mpr" || layout === "mpr3d") && PLANES.map(pane)}
      {layout === "mpr3d" && <ScenePane desk={desk} />}
      {layout === "compare" && pane("axial")}
      {layout === "compare" && <Pane key="other" desk={desk} board={other} plane="axial" onPane={onPane} />}
      <p class="sr-only" role="status">
        {main.view.volume.value ? "" : say("shell.loading")}
      </p>
    </div>
  );
}

/** A double click makes a pane the only one, and brings the others back. */
function enlarge({ reading }: Desk, plane: Plane): void {
  if (reading.tool.value !== "cross") return;
  if (reading.layout.value === "one") {
    reading.layout.value = "mpr3d";
  } else if (reading.layout.value !== "compare") {
    reading.plane.value = plane;
    reading.layout.value = "one";
  }
}
