// Plan: ways to a tumour, argued. Needles that are dragged over the skin, cuts that are moved through the liver, each
// judged by the server while it moves.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { effect, signal } from "@preact/signals";
import type { Result } from "../../api/types";
import { frameOf, movable, shifted, tilted } from "../../model/planning/cuts";
import { fromScene, toScene, type Vec } from "../../model/planning/vectors";
import { navigate, pageReady, queryText, setQuery } from "../../model/place";
import { enterResult } from "../../model/study";
import { fail } from "../../model/toasts";
import { phrase, say } from "../../model/words";
import { Waiting } from "../../panels/bits";
import { Compare } from "../../panels/planning/compare";
import { CutFacts, Cuts, CutVerdict } from "../../panels/planning/cuts";
import { Legend } from "../../panels/planning/legend";
import { Look } from "../../panels/planning/look";
import { NeedleFacts, Verdict } from "../../panels/planning/needle";
import { Paths } from "../../panels/planning/paths";
import { PlanJob } from "../../panels/planning/job";
import { Pointed } from "../../panels/planning/pointed";
import { Blind, Targets } from "../../panels/planning/targets";
import { View } from "../../panels/planning/view";
import type { NeedleLook, PlanScene } from "../../render/planning/scene";
import { Bench, type Mode, sidesOf, surfaceOf } from "../../tools/planning/bench";
import type { Turn } from "../../tools/turn";
import { useKeys } from "../../tools/keys";
import type { PageProps } from "../router";
import "../styles/plan.css";

/** Id of the needle in the hand. */
const HAND = "needle-in-hand";
/** The look along a needle begins this far outside the skin. */
const BEFORE_MM = 230;

export default function Plan({ params }: PageProps): JSX.Element {
  const [drawing, setDrawing] = useState<Result | null>(null);
  const asked = params["result"] ?? "";
  useEffect(() => {
    enterResult(asked).then((result) => {
      if (result.kind === "drawing") return setDrawing(result);
      if (result.kind === "plan" && result.parent_id) return navigate(`/plan/${result.parent_id}${location.search}`, true);
      return fail(new Error(say("plan.no_drawing")));
    }, fail);
  }, [asked]);
  return drawing ? <OnDrawing key={drawing.id} drawing={drawing} /> : <Waiting />;
}

function OnDrawing({ drawing }: { drawing: Result }): JSX.Element {
  const bench = useMemo(() => new Bench(drawing.id), [drawing.id]);
  const map = useMemo(() => signal(queryText("map") === "1"), []);
  const under = useMemo(() => signal<number | null>(null), []);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hands, setHands] = useState<{ scene: PlanScene; turn: Turn } | null>(null);

  useEffect(() => {
    bench.mode.value = queryText("mode") === "resection" ? "resection" : "needle";
    void bench.open(queryText("target") || null);
    return () => bench.end();
  }, [bench]);
  useEffect(() => {
    if (!canvas.current) return;
    let scene: PlanScene | null = null;
    let gone = false;
    openScene(canvas.current, bench, (code) => (under.value = code)).then((made) => {
      scene = made.scene;
      if (gone) return made.scene.dispose();
      setHands(made);
    }, fail);
    return () => {
      gone = true;
      scene?.dispose();
    };
  }, [bench]);
  useEffect(() => (hands ? followBench(bench, hands.scene, map) : undefined), [bench, hands]);
  useEffect(() => effect(() => setQuery({ target: bench.target.value, mode: bench.mode.value === "resection" ? "resection" : null, map: map.value ? 1 : null })), [bench]);
  usePlanKeys(bench, hands, map);

  const retarget = (id: string): void => void bench.open(id);
  const mode = bench.mode.value;
  return (
    <div class="plan">
      <h1 class="sr-only">{say("plan.title")}</h1>
      <aside class="plan-side" aria-label={say("plan.ways")}>
        <Targets bench={bench} onTarget={retarget} />
        <Modes bench={bench} />
        <Standing bench={bench} />
        <Blind bench={bench} />
        {mode === "needle" ? <Paths bench={bench} /> : <Cuts bench={bench} liver={() => liverMiddle(hands?.scene ?? null)} />}
        {mode === "needle" && <Legend bench={bench} map={map} under={under} />}
      </aside>
      <div class="plan-stage">
        <canvas ref={canvas} tabIndex={0} aria-label={say("plan.canvas")} />
        <Pointed bench={bench} map={map} under={under} />
        {!hands && <Waiting text={say("plan.opening")} />}
        {hands && <View turn={hands.turn} along={() => along(bench, hands.turn)} />}
        {mode === "needle" ? <Verdict bench={bench} /> : <CutVerdict bench={bench} />}
      </div>
      <aside class="plan-side" aria-label={say("plan.figures")}>
        {bench.error.value && (
          <div class="note note-bad" role="alert">
            <div>{phrase(bench.error.value)}</div>
          </div>
        )}
        {mode === "needle" ? <NeedleFacts bench={bench} /> : <CutFacts bench={bench} />}
        {mode === "needle" && <Compare bench={bench} />}
        <PlanJob drawing={drawing} bench={bench} />
        {hands && <Look scene={hands.scene} />}
      </aside>
    </div>
  );
}

function Modes({ bench }: { bench: Bench }): JSX.Element {
  const modes: readonly Mode[] = ["needle", "resection"];
  return (
    <div class="segmented" role="radiogroup" aria-label={say("plan.mode")}>
      {modes.map((one) => (
        <button key={one} type="button" role="radio" aria-checked={bench.mode.value === one} onClick={() => (bench.mode.value = one)}>
          {say(`plan.mode_${one}`)}
        </button>
      ))}
    </div>
  );
}

/** What is still being computed, in words. */
function Standing({ bench }: { bench: Bench }): JSX.Element | null {
  const step = bench.state.value?.step ?? (bench.error.value ? "done" : "open");
  if (step === "done") return null;
  return <Waiting text={say(`plan.step_${step}`)} />;
}

async function openScene(canvas: HTMLCanvasElement, bench: Bench, under: (code: number | null) => void): Promise<{ scene: PlanScene; turn: Turn }> {
  const [{ PlanScene: Scene }, { Turn: Turning }, { Grab }, { Hands }] = await Promise.all([
    import("../../render/planning/scene"),
    import("../../tools/turn"),
    import("../../tools/planning/grab"),
    import("../../tools/planning/hands"),
  ]);
  const scene = await Scene.open(canvas, await bench.api.scene());
  const turn = new Turning(scene.stage);
  const hands = new Hands(bench, scene, HAND, (ray) => under(ray ? (scene.skinAt(ray)?.code ?? null) : null));
  new Grab(scene, turn, hands);
  turn.look("anterior");
  // for tests: where things stand on the canvas, and what was asked
  Object.assign(canvas, { limner: { scene, bench, turn } });
  return { scene, turn };
}

/** Brings the scene to what lies on the bench, whenever that changes. */
function followBench(bench: Bench, scene: PlanScene, map: { readonly value: boolean }): () => void {
  let skinOf = "";
  const stops = [
    effect(() => {
      const { target, needles } = { target: bench.target.value, needles: bench.state.value?.needles };
      if (!target || !needles || skinOf === target) return;
      skinOf = target;
      pageReady(); // anatomy and needles stand; the skin follows
      void loadSkin(bench, scene, target).catch(fail);
    }),
    effect(() => scene.showSkin(true, map.value && bench.mode.value === "needle")),
    effect(() => scene.showNeedles(needlesOf(bench), HAND)),
    effect(() => showCut(bench, scene)),
    effect(() => {
      if (bench.error.value !== null && bench.state.value === null) pageReady(); // what stands is the refusal
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

async function loadSkin(bench: Bench, scene: PlanScene, target: string): Promise<void> {
  const { Skin } = await import("../../render/planning/skin");
  const skin = await Skin.load(await bench.api.skin(target));
  if (bench.target.value === target) scene.setSkin(skin);
}

function needlesOf(bench: Bench): NeedleLook[] {
  if (bench.mode.value !== "needle") return [];
  const [line, path, chosen] = [bench.line.value, bench.path.value, bench.chosen.value];
  const others = [...bench.offered.value, ...bench.own.value.map((one) => one.path)].filter((one) => one.id !== chosen);
  const looks: NeedleLook[] = others.map((one) => ({ ...one, standing: !one.safe ? "refused" : one.safe_only_at_mean ? "doubt" : "other" }));
  if (line) {
    const standing = path === null ? "asked" : !path.safe ? "refused" : path.safe_only_at_mean ? "doubt" : "best";
    looks.push({ id: HAND, ...line, standing });
  }
  return looks;
}

function showCut(bench: Bench, scene: PlanScene): void {
  const [held, told] = [bench.cut.value, bench.state.value?.resection];
  const on = bench.mode.value === "resection" && held !== null && told !== undefined && told !== null;
  scene.cutting.group.visible = on;
  scene.dense(on);
  if (!on) return scene.hideSides();
  const part = movable(held.cut)[bench.cutPart.value];
  scene.cutting.place(part === undefined ? null : frameOf(held.cut, part, told.target_mm));
  const surface = held.answer ? surfaceOf(held.answer) : null;
  scene.cutting.draw(surface?.points ?? null, surface?.faces ?? null);
  if (held.answer?.liver) {
    const { sides, flow } = sidesOf(held.answer);
    scene.showSides(held.answer.liver, sides, flow);
  }
  scene.stage.draw();
}

function along(bench: Bench, turn: Turn): void {
  const line = bench.line.value;
  if (line) turn.along(toScene(line.entry_mm), toScene(line.target_mm), BEFORE_MM);
}

function liverMiddle(scene: PlanScene | null): Vec {
  const liver = scene?.stage.surfaces.find((one) => one.structure.title === "liver");
  return liver ? fromScene(liver.box.min.clone().add(liver.box.max).multiplyScalar(0.5)) : [0, 0, 0];
}

function usePlanKeys(bench: Bench, hands: { turn: Turn } | null, map: { value: boolean }): void {
  const cutting = bench.mode.value === "resection";
  const step = (right: number, up: number, deeper = 0) => (): void => {
    if (!cutting) return bench.nudge(right, up, deeper);
    const [held, told] = [bench.cut.value, bench.state.value?.resection];
    const part = held ? movable(held.cut)[bench.cutPart.value] : undefined;
    if (!held || !told || part === undefined) return;
    if (deeper) return bench.moveCut(shifted(held.cut, part, -deeper, told.target_mm), true);
    bench.moveCut(tilted(held.cut, part, up ? "across" : "along", 2 * (up - right), told.target_mm), true);
  };
  useKeys(
    say("plan.title"),
    [
      { key: "ArrowRight", label: say(cutting ? "plan.key_tilt" : "plan.key_right"), run: step(1, 0) },
      { key: "ArrowLeft", label: say(cutting ? "plan.key_tilt" : "plan.key_left"), run: step(-1, 0), hidden: cutting },
      { key: "ArrowUp", label: say(cutting ? "plan.key_tilt" : "plan.key_up"), run: step(0, 1), hidden: cutting },
      { key: "ArrowDown", label: say(cutting ? "plan.key_tilt" : "plan.key_down"), run: step(0, -1), hidden: cutting },
      { key: "PageDown", label: say(cutting ? "plan.key_cut_out" : "plan.key_deeper"), run: step(0, 0, 1) },
      { key: "PageUp", label: say(cutting ? "plan.key_cut_in" : "plan.key_shallower"), run: step(0, 0, -1) },
      { key: "e", label: say("plan.key_entry"), run: () => (bench.held.value = "entry") },
      { key: "t", label: say("plan.key_tip"), run: () => (bench.held.value = "tip") },
      { key: "m", label: say("plan.map"), run: () => (map.value = !map.value) },
      { key: "l", label: say("plan.along"), run: () => hands && along(bench, hands.turn) },
      { key: "a", label: say("plan.from_front"), run: () => hands?.turn.look("anterior") },
      { key: "r", label: say("plan.mode_resection"), run: () => (bench.mode.value = cutting ? "needle" : "resection") },
    ],
  );
}
