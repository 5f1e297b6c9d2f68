// The needle in the hand: whether it may go there, and every figure of it while it moves.
import type { JSX } from "preact";
import { number } from "../../model/format";
import type { Path } from "../../model/planning/forms";
import { nameOf } from "../../model/planning/names";
import { phrase, say, sayOr } from "../../model/words";
import type { Bench } from "../../tools/planning/bench";
import { degrees, interval, ml, mm, nearestOf, verdict } from "./figures";

const SHOWN = 8;

/** The verdict in words, over the picture and for those who listen. */
export function Verdict({ bench }: { bench: Bench }): JSX.Element | null {
  const path = bench.path.value;
  if (!path) return null;
  const kind = !path.safe ? "refused" : path.safe_only_at_mean ? "doubt" : "safe";
  return (
    <div class={`plan-verdict ${kind}${bench.asking.value ? " asking" : ""}`} role="status" aria-live="polite" aria-atomic="true">
      <strong>{say(kind === "refused" ? "plan.refused" : kind === "doubt" ? "plan.at_mean_short" : "plan.may")}</strong>
      <span>{verdict(path)}</span>
    </div>
  );
}

export function NeedleFacts({ bench }: { bench: Bench }): JSX.Element | null {
  const path = bench.path.value;
  if (!path) return null;
  return (
    <section class="plan-needle" aria-label={say("plan.needle")}>
      <div class="plan-head">
        <h2>{say("plan.needle")}</h2>
        {bench.moved.value && <span class="tag">{say("plan.moved")}</span>}
      </div>
      <dl class="figures">
        <Figure name={say("plan.length")} value={mm(path.length_mm)} />
        <Figure name={say("plan.angle")} value={degrees(path.angle_deg)} />
        <Figure name={say("plan.clearance")} value={interval(path.clearance_mm)} />
        <Figure name={say("plan.nearest")} value={path.nearest ? `${nearestOf(path)}, ${mm(path.nearest.mm)}` : nearestOf(path)} />
        <Figure name={say("plan.parenchyma")} value={mm(path.organ_crossed_mm, 0)} />
        <Figure name={say("plan.score")} value={number(path.score, 2)} />
      </dl>
      <Hold bench={bench} />
      <div class="plan-actions">
        <button type="button" disabled={!bench.moved.value} onClick={() => bench.back()}>
          {say("plan.back")}
        </button>
        <button type="button" disabled={bench.asking.value} onClick={() => bench.keep()}>
          {say("plan.keep")}
        </button>
      </div>
      <Clearances path={path} confidence={bench.state.value?.needles?.confidence ?? 0.9} />
      <Zone bench={bench} />
    </section>
  );
}

function Figure({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Which end the keys move, and where it stands: in numbers that may be read and typed. */
function Hold({ bench }: { bench: Bench }): JSX.Element | null {
  const line = bench.line.value;
  if (!line) return null;
  const held = bench.held.value;
  const point = held === "entry" ? line.entry_mm : line.target_mm;
  return (
    <fieldset class="plan-hold">
      <legend>{say("plan.hold")}</legend>
      <div class="segmented" role="radiogroup" aria-label={say("plan.hold")}>
        {(["entry", "tip"] as const).map((one) => (
          <button key={one} type="button" role="radio" aria-checked={held === one} onClick={() => (bench.held.value = one)}>
            {say(one === "entry" ? "plan.entry" : "plan.tip")}
          </button>
        ))}
      </div>
      <div class="plan-point">
        {(["x", "y", "z"] as const).map((axis, k) => (
          <label key={axis}>
            <span>{say(`plan.axis_${axis}`)}</span>
            <input
              type="number"
              step="1"
              value={(point[k] ?? 0).toFixed(1)}
              onChange={(event) => {
                const value = Number(event.currentTarget.value);
                if (!Number.isFinite(value)) return;
                const next = point.map((one, n) => (n === k ? value : one)) as unknown as typeof point;
                bench.place(held === "entry" ? { entry_mm: next } : { target_mm: next });
              }}
            />
          </label>
        ))}
      </div>
      <p class="hint">{say(held === "entry" ? "plan.keys_entry" : "plan.keys_tip")}</p>
    </fieldset>
  );
}

function Clearances({ path, confidence }: { path: Path; confidence: number }): JSX.Element {
  return (
    <table class="plan-clearances">
      <caption>{say("plan.clearances", { percent: number(100 * confidence) })}</caption>
      <thead>
        <tr>
          <th scope="col">{say("plan.structure")}</th>
          <th scope="col">mm</th>
          <th scope="col">{say("plan.needed")}</th>
        </tr>
      </thead>
      <tbody>
        {path.clearances.slice(0, SHOWN).map((one) => (
          <tr key={one.name} class={one.value < one.margin_mm ? "refused" : one.low < one.margin_mm ? "doubt" : ""}>
            <th scope="row">
              {nameOf(one.name)} <small>{sayOr(`plan.role_${one.role}`, one.role)}</small>
            </th>
            <td>
              {number(one.value, 1)} <small>({number(one.low, 1)}–{number(one.high, 1)})</small>
            </td>
            <td>{number(one.margin_mm, 0)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Zone({ bench }: { bench: Bench }): JSX.Element {
  const probes = bench.state.value?.probes ?? [];
  const cover = bench.path.value?.cover;
  const probe = probes.find((one) => one.name === bench.probe.value);
  return (
    <div class="field">
      <label for="plan-probe">{say("plan.probe")}</label>
      <select id="plan-probe" value={bench.probe.value ?? ""} onChange={(event) => bench.laid(event.currentTarget.value || null)}>
        <option value="">{say("plan.probe_none")}</option>
        {probes.map((one) => (
          <option key={one.name} value={one.name}>
            {phrase(one.name)} · {number(one.long_mm)} × {number(one.short_mm)} mm
          </option>
        ))}
      </select>
      {cover && probe && (
        <p class="plan-cover">
          {say("plan.cover", {
            tumor: number(cover.tumor_percent, 0),
            margin: number(cover.margin_percent, 0),
            healthy: ml(cover.healthy_ml),
          })}{" "}
          <small>{say(probe.measured ? "plan.probe_measured" : "plan.probe_example", { source: phrase(probe.source) })}</small>
        </p>
      )}
    </div>
  );
}
