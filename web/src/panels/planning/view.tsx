// From where the scene is looked at.
import type { JSX } from "preact";
import { SIDES } from "../../model/space";
import { say } from "../../model/words";
import type { Turn } from "../../tools/turn";

export function View({ turn, along }: { turn: Turn; along: () => void }): JSX.Element {
  return (
    <div class="plan-view" role="toolbar" aria-label={say("plan.view")}>
      {SIDES.map((side) => (
        <button key={side} type="button" title={say(`plan.side_${side}`)} aria-label={say(`plan.side_${side}`)} onClick={() => turn.look(side)}>
          {say(`plan.side_${side}_short`)}
        </button>
      ))}
      <button type="button" onClick={along}>
        {say("plan.along")}
      </button>
      <button type="button" class="quiet square" aria-label={say("plan.nearer")} onClick={() => turn.zoom(1 / 1.25)}>
        +
      </button>
      <button type="button" class="quiet square" aria-label={say("plan.farther")} onClick={() => turn.zoom(1.25)}>
        −
      </button>
    </div>
  );
}
