// The drawing's scene beside the slices. It follows when the reader stops scrolling: a frame in emulated WebGL takes
// longer than a slice may.
import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../../api/client";
import { isShown } from "../../model/state";
import { fail } from "../../model/toasts";
import { say } from "../../model/words";
import type { ReadingScene } from "../../tools/reading/scene";
import type { HeadsetView } from "../../tools/headset";
import type { Desk } from "../../tools/reading/desk";
import { Icon } from "../icon";

const STILL_MS = 90;

declare global {
  interface Window {
    /** For tests: the scene beside the slices. */
    limnerScene?: ReadingScene | null;
    /** For tests: the headset that shows the scene. */
    limnerHeadset?: HeadsetView;
  }
}

export function ScenePane({ desk }: { desk: Desk }): JSX.Element {
  const { main, reading } = desk;
  const drawing = main.drawing.value;
  const rows = main.structures.value;
  const volume = reading.view.volume.value;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [failed, setFailed] = useState(false);
  const [scene, setScene] = useState<ReadingScene | null>(null);
  // three.js and the surfaces come last: they keep the processor busy for a second where WebGL is emulated
  const labelled = reading.view.labels.value !== null;
  const ready = drawing !== null && rows.length > 0 && volume !== null && labelled;
  useEffect(() => {
    if (!ready) return undefined;
    let gone = false;
    let stop = (): void => undefined;
    open(desk, canvas.current!).then(
      (opened) => {
        if (gone) return opened.close();
        stop = opened.close;
        setScene(opened.scene);
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      stop();
      setScene(null);
    };
  }, [drawing?.id, rows, volume, ready]);
  return (
    <div class="rd-pane rd-scene" data-plane="scene">
      {ready && !failed && <canvas key={drawing.id} ref={canvas} tabIndex={0} role="img" aria-label={say("read.scene")} />}
      {scene && <HeadsetButton desk={desk} scene={scene} />}
      {!drawing && <p class="rd-hollow">{say("read.scene_none")}</p>}
      {failed && <p class="rd-hollow">{say("read.scene_failed")}</p>}
    </div>
  );
}

/** Only where the browser has a headset. */
function HeadsetButton({ desk, scene }: { desk: Desk; scene: ReadingScene }): JSX.Element | null {
  const [there, setThere] = useState(false);
  useEffect(() => void navigator.xr?.isSessionSupported("immersive-vr").then(setThere, () => setThere(false)), []);
  if (!there) return null;
  const enter = async (): Promise<void> => {
    const { enterHeadset } = await import("../../tools/headset");
    window.limnerHeadset = await enterHeadset(scene.stage, (surface) => {
      desk.reading.finding.value = surface?.structure.id ?? null;
    });
  };
  return (
    <button type="button" class="rd-headset" title={say("read.headset_hint")} onClick={() => void enter().catch(fail)}>
      <Icon name="headset" /> {say("read.headset")}
    </button>
  );
}

async function open(desk: Desk, canvas: HTMLCanvasElement): Promise<{ scene: ReadingScene; close: () => void }> {
  const { main, reading } = desk;
  const { ReadingScene: Scene } = await import("../../tools/reading/scene");
  const { data } = await api.bytes(`/api/results/${main.drawing.peek()!.id}/files/scene.glb`);
  const { axial, coronal, sagittal } = main.slices;
  const pictures = { axial: axial.picture, coronal: coronal.picture, sagittal: sagittal.picture };
  const scene = await Scene.open(canvas, data, desk.scene(), reading.view.volume.peek()!.grid, pictures);
  window.limnerScene = scene;
  scene.onPick((world, id) => {
    reading.finding.value = id;
    reading.view.goToWorld(world);
  });
  let timer = 0;
  const stops = [
    effect(() => {
      void [reading.view.cross.value, reading.view.window.value, reading.view.arrived.value, reading.view.invert.value];
      window.clearTimeout(timer);
      timer = window.setTimeout(() => scene.follow(reading.view.cross.peek(), ["axial"]), STILL_MS);
    }),
    effect(() => {
      const states = reading.view.labelStates.value;
      for (const { id, label } of main.structures.value) {
        const shown = states[label]?.visible ?? true;
        if (isShown(scene.store.state, id) !== shown) scene.store.show(id, shown);
      }
      scene.store.select(reading.finding.value);
    }),
  ];
  const close = (): void => {
    window.clearTimeout(timer);
    for (const stop of stops) stop();
    scene.close();
    window.limnerScene = null;
  };
  return { scene, close };
}
