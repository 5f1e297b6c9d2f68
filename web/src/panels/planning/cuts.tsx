// Resections: what is proposed, the cut in the hand, and what it leaves while it moves.
import type { JSX } from "preact";
import { number } from "../../model/format";
import { type Cut, movable, shifted, tilted } from "../../model/planning/cuts";
import type { Kept, Resection, Resections } from "../../model/planning/forms";
import type { Vec } from "../../model/planning/vectors";
import { phrase, say, sayOr } from "../../model/words";
import { LIVER_COLORS } from "../../render/planning/halves";
import type { Bench } from "../../tools/planning/bench";
import { Note } from "../bits";
import { loose, ml } from "./figures";

const VESSELS_SHOWN = 4;

export function Cuts({ bench, liver }: { bench: Bench; liver: () => Vec }): JSX.Element {
  const state = bench.state.value;
  const told = state?.resection;
  if (!told) return <p class="hint">{state?.no_resection ? phrase(state.no_resection) : say(state?.step === "liver" ? "plan.segmenting" : "plan.cutting")}</p>;
  return (
    <section class="plan-cuts" aria-label={say("plan.proposals")}>
      <h2>{say("plan.proposals")}</h2>
      <p class="hint">{phrase(told.sentence)}</p>
      <ol>
        {told.resections.map((one, n) => (
          <li key={n} class={`plan-row ${one.margin_mm.kept === "no" || one.remnant_counted_percent.kept === "no" ? "refused" : "safe"}`}>
            <button type="button" aria-pressed={bench.cut.value?.cut === one.cut} onClick={() => bench.take(one)}>
              <span class="plan-row-name">{cutName(one.name)}</span>
              <span class="plan-row-facts">
                {say("plan.margin")} {loose(one.margin_mm, "mm", 1)}
              </span>
              <span class="plan-row-clear">
                {say("plan.remnant")} {loose(one.remnant_counted_percent, "%", 0)}
              </span>
            </button>
          </li>
        ))}
      </ol>
      <button type="button" onClick={() => bench.takePlane(liver())}>
        {say("plan.own_plane")}
      </button>
      {told.problems.length > 0 && (
        <details class="plan-notes">
          <summary>{say("plan.cut_notes")}</summary>
          <ul>
            {told.problems.map((one) => (
              <li key={one.text}>{phrase(one.text)}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

const cutName = (name: string): string => phrase(name);

export function CutVerdict({ bench }: { bench: Bench }): JSX.Element | null {
  const [held, told] = [bench.cut.value?.resection, bench.state.value?.resection];
  if (!held || !told) return null;
  const bad = held.left_tumor.length > 0 || held.margin_mm.kept === "no" || held.remnant_counted_percent.kept === "no";
  const sure = held.margin_mm.kept === "yes" && held.remnant_counted_percent.kept === "yes";
  return (
    <div class={`plan-verdict ${bad ? "refused" : sure ? "safe" : "doubt"}`} role="status" aria-live="polite" aria-atomic="true">
      <strong>{say(bad ? "plan.cut_bad" : sure ? "plan.cut_good" : "plan.cut_doubt")}</strong>
      <span>{cutSentence(held, told)}</span>
    </div>
  );
}

function cutSentence(one: Resection, told: Resections): string {
  if (one.left_tumor.length) return say("plan.left_tumor", { ml: number(one.left_tumor.reduce((sum, row) => sum + row.ml, 0), 1) });
  return say("plan.cut_sentence", {
    margin: loose(one.margin_mm, "mm", 1),
    asked: number(told.rules.margin_mm, 0),
    remnant: loose(one.remnant_counted_percent, "%", 0),
    least: number(told.rules.remnant_percent, 0),
  });
}

export function CutFacts({ bench }: { bench: Bench }): JSX.Element | null {
  const [held, told] = [bench.cut.value, bench.state.value?.resection];
  if (!told) return null;
  if (!held) return <p class="hint">{say("plan.take_cut")}</p>;
  const one = held.resection;
  return (
    <section class="plan-cut" aria-label={say("plan.cut")}>
      <h2>{held.from ? cutName(held.from) : say("plan.own_plane_name")}</h2>
      {one && (
        <dl class="figures">
          <Kept name={say("plan.margin")} value={loose(one.margin_mm, "mm", 1)} kept={one.margin_mm.kept} />
          <Kept name={say("plan.remnant")} value={loose(one.remnant_counted_percent, "%", 0)} kept={one.remnant_counted_percent.kept} />
          <Kept name={say("plan.remnant_ml")} value={loose(one.remnant_ml, "ml", 0)} />
          <Kept name={say("plan.resected_ml")} value={loose(one.resected_ml, "ml", 0)} />
          <Kept name={say("plan.cut_area")} value={`${number(one.cut_area_cm2, 0)} cm²`} />
          {one.without_inflow_ml !== null && <Kept name={say("plan.no_inflow")} value={ml(one.without_inflow_ml)} />}
          {one.without_outflow_ml !== null && <Kept name={say("plan.no_outflow")} value={ml(one.without_outflow_ml)} />}
        </dl>
      )}
      <Move bench={bench} near={told.target_mm} />
      {one && one.vessels.length > 0 && (
        <div class="plan-vessels">
          <h3>{say("plan.divided", { n: one.vessels.length })}</h3>
          <ul>
            {one.vessels.slice(0, VESSELS_SHOWN).map((row) => (
              <li key={`${row.kind} ${row.branch}`}>
                {say("plan.vessel", { kind: sayOr(`plan.tree_${row.kind}`, row.kind), branch: row.branch, mm: number(row.diameter_mm, 1) })}
              </li>
            ))}
          </ul>
        </div>
      )}
      <ul class="plan-halves">
        {(["stays", "taken", "noInflow", "noOutflow"] as const).map((key) => (
          <li key={key}>
            <span class="swatch" ref={(spot) => spot?.style.setProperty("background", LIVER_COLORS[key])} />
            {say(`plan.half_${key}`)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Kept({ name, value, kept }: { name: string; value: string; kept?: Kept }): JSX.Element {
  return (
    <div class={kept === "no" ? "refused" : kept === "only at the value" ? "doubt" : ""}>
      <dt>{name}</dt>
      <dd>
        {value}
        {kept && kept !== "yes" && <small> {say(kept === "no" ? "plan.kept_no" : "plan.kept_value")}</small>}
      </dd>
    </div>
  );
}

/** Moving and tilting by buttons: whole millimetres and degrees, for those who don't drag. */
function Move({ bench, near }: { bench: Bench; near: Vec }): JSX.Element {
  const held = bench.cut.value;
  if (!held) return <></>;
  const parts = movable(held.cut);
  const part = parts[bench.cutPart.value];
  if (part === undefined) return <Note>{say("plan.not_moved")}</Note>;
  const go = (cut: Cut): void => bench.moveCut(cut, true);
  const turn = (axis: "across" | "along", by: number) => () => go(tilted(held.cut, part, axis, by, near));
  return (
    <fieldset class="plan-move">
      <legend>{say("plan.move_cut")}</legend>
      {parts.length > 1 && (
        <select aria-label={say("plan.which_part")} value={bench.cutPart.value} onChange={(event) => (bench.cutPart.value = Number(event.currentTarget.value))}>
          {parts.map((_, n) => (
            <option key={n} value={n}>
              {say("plan.part_n", { n: n + 1 })}
            </option>
          ))}
        </select>
      )}
      <Pair name={say("plan.shift")} less="−1 mm" more="+1 mm" down={() => go(shifted(held.cut, part, -1, near))} up={() => go(shifted(held.cut, part, 1, near))} />
      <Pair name={say("plan.tilt_across")} less="−2°" more="+2°" down={turn("across", -2)} up={turn("across", 2)} />
      <Pair name={say("plan.tilt_along")} less="−2°" more="+2°" down={turn("along", 2)} up={turn("along", -2)} />
      <p class="hint">{say("plan.keys_cut")}</p>
    </fieldset>
  );
}

interface PairProps {
  readonly name: string;
  readonly less: string;
  readonly more: string;
  readonly down: () => void;
  readonly up: () => void;
}

function Pair({ name, less, more, down, up }: PairProps): JSX.Element {
  return (
    <div class="plan-pair">
      <span>{name}</span>
      <button type="button" aria-label={`${name} ${less}`} onClick={down}>
        {less}
      </button>
      <button type="button" aria-label={`${name} ${more}`} onClick={up}>
        {more}
      </button>
    </div>
  );
}
