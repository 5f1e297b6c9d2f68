// What is aimed at, and what the plan cannot see: said first.
import type { JSX } from "preact";
import { number } from "../../model/format";
import { nameOf } from "../../model/planning/names";
import { phrase, say } from "../../model/words";
import type { Bench } from "../../tools/planning/bench";
import { Note } from "../bits";
import { ml } from "./figures";

export function Blind({ bench }: { bench: Bench }): JSX.Element | null {
  const state = bench.state.value;
  if (!state) return null;
  const grave = state.problems.filter((one) => one.severity === "error");
  if (!state.blind.length && !grave.length) return null;
  return (
    <div class="plan-blind">
      <Note kind="warn">
        <strong>{say("plan.blind")}</strong> {state.blind.map((one) => nameOf(one.name)).join(", ")}
        <details>
          <summary>{say("plan.blind_more")}</summary>
          <ul>
            {state.blind.map((one) => (
              <li key={one.name}>{phrase(one.text)}</li>
            ))}
            {state.problems.map((one) => (
              <li key={one.text}>{phrase(one.text)}</li>
            ))}
          </ul>
        </details>
      </Note>
      {grave.map((one) => (
        <Note key={one.text} kind="bad">
          {phrase(one.text)}
        </Note>
      ))}
    </div>
  );
}

export function Targets({ bench, onTarget }: { bench: Bench; onTarget: (id: string) => void }): JSX.Element {
  const state = bench.state.value;
  const now = state?.targets.find((one) => one.id === bench.target.value);
  return (
    <div class="field">
      <label for="plan-target">{say("plan.target")}</label>
      <select id="plan-target" disabled={!state} onChange={(event) => onTarget(event.currentTarget.value)} value={bench.target.value ?? ""}>
        {state?.targets.map((one) => (
          <option key={one.id} value={one.id}>
            {[one.id, ml(one.volume_ml), one.longest_mm === null ? "" : `${number(one.longest_mm)} mm`].filter(Boolean).join(" · ")}
          </option>
        ))}
      </select>
      {now?.abstained && <p class="hint warn">{say("plan.target_unsure", { name: nameOf(now.name) })}</p>}
    </div>
  );
}
