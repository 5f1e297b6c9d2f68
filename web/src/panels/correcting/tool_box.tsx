// What the tool in hand can be told: size, ball, values; or the points of a click and what it found.
import type { JSX } from "preact";
import { RADII_MM } from "../../model/correcting/correcting";
import { say } from "../../model/words";
import type { CorrectDesk } from "../../tools/correcting/desk";
import { Icon } from "../icon";

export function ToolBox({ desk }: { desk: CorrectDesk }): JSX.Element {
  const tool = desk.state.tool.value;
  return (
    <section class="rd-section co-box" aria-labelledby="co-tool">
      <h2 id="co-tool">{say(`correct.tool_${tool}`)}</h2>
      {(tool === "brush" || tool === "erase") && <Brush desk={desk} />}
      {tool === "click" ? <Click desk={desk} /> : <p class="rd-quiet">{say(`correct.hint_${tool}`)}</p>}
    </section>
  );
}

function Brush({ desk }: { desk: CorrectDesk }): JSX.Element {
  const { state } = desk;
  const at = Math.max(0, RADII_MM.findIndex((one) => one >= state.radius_mm.value));
  const { on, low, high } = state.range.value;
  const unit = desk.board.series.value?.unit ?? "";
  return (
    <>
      <label class="rd-slider">
        {say("correct.radius")}
        <input type="range" min={0} max={RADII_MM.length - 1} step={1} value={at} aria-valuetext={`${state.radius_mm.value} mm`}
          onInput={(event) => (state.radius_mm.value = RADII_MM[Number(event.currentTarget.value)]!)} />
        <output class="co-number">{state.radius_mm.value} mm</output>
      </label>
      <label class="check">
        <input type="checkbox" checked={state.deep.value} onChange={(event) => (state.deep.value = event.currentTarget.checked)} />
        {say("correct.deep")}
      </label>
      {state.tool.value === "brush" && (
        <div class="co-range">
          <label class="check">
            <input type="checkbox" checked={on} onChange={(event) => (state.range.value = { low, high, on: event.currentTarget.checked })} />
            {say("correct.range", { unit })}
          </label>
          {on && (
            <span class="co-ends">
              <input type="number" value={low} aria-label={say("correct.range_low")} onInput={(event) => (state.range.value = { on, high, low: Number(event.currentTarget.value) })} />
              –
              <input type="number" value={high} aria-label={say("correct.range_high")} onInput={(event) => (state.range.value = { on, low, high: Number(event.currentTarget.value) })} />
            </span>
          )}
        </div>
      )}
    </>
  );
}

function Click({ desk }: { desk: CorrectDesk }): JSX.Element {
  const { state } = desk;
  const found = state.found.value;
  const taken = state.taken.value;
  const points = state.points.value.length;
  const netKnows = state.asked.value.includes(state.active.value);
  const choose = (method: "graph-cut" | "pack") => {
    state.method.value = method;
    void desk.ask();
  };
  return (
    <>
      <p class="rd-quiet">{say("correct.hint_click")}</p>
      <div class="group co-methods" role="group" aria-label={say("correct.method")}>
        <button type="button" aria-pressed={state.method.value === "graph-cut"} onClick={() => choose("graph-cut")}>
          {say("correct.method_cut")}
        </button>
        <button type="button" aria-pressed={state.method.value === "pack"} disabled={!netKnows} title={netKnows ? "" : say("correct.method_none")} onClick={() => choose("pack")}>
          {say("correct.method_pack")}
        </button>
      </div>
      <div class="group co-methods" role="group" aria-label={say("correct.side_of_point")}>
        {[false, true].map((outside) => (
          <button key={String(outside)} type="button" aria-pressed={state.outside.value === outside} onClick={() => (state.outside.value = outside)}>
            {say(outside ? "correct.outside" : "correct.inside")}
          </button>
        ))}
      </div>
      <p class="co-found" role="status">
        {state.asking.value ? say("correct.asking") : found ? say("correct.found", { ml: found.ml.toFixed(2) }) : say(points ? "correct.need_inside" : "correct.no_points")}
        {taken && !state.asking.value && ` ${say("correct.taken_away", { ml: taken.ml.toFixed(2) })}`}
      </p>
      <div class="co-acts">
        <button type="button" class="primary" disabled={!found || state.asking.value || !desk.free} onClick={() => desk.accept()}>
          {say("correct.accept")} <kbd>↵</kbd>
        </button>
        <button type="button" class="square" disabled={!points} aria-label={say("correct.unpoint")} title={`${say("correct.unpoint")} (⌫)`} onClick={() => desk.unpoint()}>
          <Icon name="back" />
        </button>
        <button type="button" class="square" disabled={!points} aria-label={say("correct.forget")} title={`${say("correct.forget")} (Esc)`} onClick={() => desk.forget()}>
          <Icon name="close" />
        </button>
      </div>
    </>
  );
}
