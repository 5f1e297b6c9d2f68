// The scene of a report: reads the page, builds stage, tools and panels, and tells tests when it stands.
import "./viewer.css";
import { readGlb, readScene } from "./page";
import { Store, type ViewerState, isShown, openingState } from "../model/state";
import { type SceneData, word } from "../model/structure";
import { cutPanel } from "./cut_panel";
import { element } from "./element";
import { factsPanel } from "./facts_panel";
import { structuresPanel } from "./structures_panel";
import { viewsPanel } from "./views_panel";
import { Stage } from "../render/stage";
import { loadSurfaces } from "../render/surfaces";
import { Cutter } from "../tools/cut";
import { listenKeys } from "./keys";
import { listenPointer } from "../tools/point";
import { Turn } from "../tools/turn";

/** What scripts and tests may see; it changes nothing. */
export interface LimnerHandle {
  ready: boolean;
  error: string | null;
  frames(): number;
  state(): ViewerState;
  /** Ids of the surfaces that are drawn now. */
  shown(): string[];
  meshes(): string[];
  /** Where the reader stands, mm of the scene (x left, y head, z front). */
  camera(): [number, number, number];
}

declare global {
  interface Window {
    limner?: LimnerHandle;
  }
}

async function open(place: HTMLElement): Promise<void> {
  const data = readScene();
  const [root, surfaces] = await loadSurfaces(readGlb(), data.structures);
  if (surfaces.length === 0) throw new Error("The scene holds no surface that the findings name.");
  const canvas = element("canvas", {
    class: "lv-canvas",
    tabindex: "0",
    role: "application",
    "aria-label": word(data.words, "canvas"),
    "aria-describedby": "lv-help",
  });
  const stageBox = element("div", { class: "lv-stage" }, canvas);
  const viewer = element("div", { class: "lv" }, stageBox);
  place.replaceChildren(viewer);
  furnish(viewer, data, new Stage(canvas, root, surfaces));
  document.documentElement.classList.add("scene-ready"); // the page takes its still picture away
}

function furnish(viewer: HTMLElement, data: SceneData, stage: Stage): void {
  const { words } = data;
  const present = new Set(stage.surfaces.map((one) => one.structure.id));
  const structures = data.structures.filter((one) => present.has(one.id));
  const store = new Store(openingState(structures));
  const turn = new Turn(stage);
  const cutter = new Cutter(store, stage.surfaces);
  const reset = (): void => {
    store.reset();
    turn.look("anterior");
  };
  const bar = element("div", { class: "lv-bar" }, viewsPanel(turn, reset, words), cutPanel(store, cutter, words));
  const help = element("p", { class: "lv-help", id: "lv-help" }, word(words, "help"));
  viewer.append(structuresPanel(structures, store, words), factsPanel(stage.surfaces, store, turn, words), bar, help);
  stage.fit(); // the panels have taken their room
  turn.look("anterior");
  listenPointer(stage, store, turn);
  listenKeys(stage.canvas, store, turn, cutter, reset);
  store.follow((state) => stage.follow(state));
  announce(stage, store);
}

function announce(stage: Stage, store: Store): void {
  const ids = stage.surfaces.map((one) => one.structure.id);
  Object.assign(handle, {
    ready: true,
    frames: () => stage.frames,
    state: () => store.state,
    meshes: () => ids,
    shown: () => ids.filter((id) => isShown(store.state, id)),
    camera: () => stage.camera.position.toArray(),
  });
}

const handle: LimnerHandle = {
  ready: false,
  error: null,
  frames: () => 0,
  state: () => openingState([]),
  meshes: () => [],
  shown: () => [],
  camera: () => [0, 0, 0],
};
window.limner = handle;

const place = document.getElementById("limner-viewer");
if (place) {
  open(place).catch((error: unknown) => {
    handle.error = error instanceof Error ? error.message : String(error);
    const note = document.getElementById("limner-no-scene");
    if (note) note.hidden = false;
    place.replaceChildren();
  });
}
