// What is seen of the scene: which structures, how clearly, and where it is cut open.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { nameOf } from "../../model/planning/names";
import { lpsRange, type Plane, PLANES } from "../../model/space";
import { isShown, type ViewerState } from "../../model/state";
import { say } from "../../model/words";
import type { PlanScene } from "../../render/planning/scene";
import { boxOf } from "../../render/surfaces";

export function Look({ scene }: { scene: PlanScene }): JSX.Element {
  const [state, setState] = useState<ViewerState>(scene.store.state);
  useEffect(() => scene.store.follow(setState), [scene]);
  return (
    <details class="plan-look" open>
      <summary>{say("plan.structures")}</summary>
      <Clip scene={scene} state={state} />
      <ul>
        {scene.structures.map((one) => (
          <li key={one.id}>
            <label>
              <input type="checkbox" checked={isShown(state, one.id)} onChange={(event) => scene.store.show(one.id, event.currentTarget.checked)} />
              <span class="swatch" ref={(spot) => spot?.style.setProperty("background", `rgb(${one.color.join(" ")})`)} />
              {nameOf(one.title)}
            </label>
            <input
              type="range"
              min="0"
              max="1"
              step="0.05"
              aria-label={say("plan.opacity_of", { name: nameOf(one.title) })}
              value={state.opacity[one.id] ?? 1}
              onInput={(event) => scene.store.fade(one.id, Number(event.currentTarget.value))}
            />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Clip({ scene, state }: { scene: PlanScene; state: ViewerState }): JSX.Element {
  const { plane, position_mm, flipped } = state.cut;
  const box = boxOf(scene.stage.surfaces);
  const range = plane ? lpsRange(box.min, box.max, plane) : [0, 0];
  const choose = (next: Plane | null): void => {
    const [low, high] = next ? lpsRange(box.min, box.max, next) : [0, 0];
    scene.store.cut({ plane: next, position_mm: ((low ?? 0) + (high ?? 0)) / 2 });
  };
  return (
    <div class="plan-clip">
      <select aria-label={say("plan.clip")} value={plane ?? ""} onChange={(event) => choose((event.currentTarget.value || null) as Plane | null)}>
        <option value="">{say("plan.clip_none")}</option>
        {PLANES.map((one) => (
          <option key={one} value={one}>
            {say(`plan.clip_${one}`)}
          </option>
        ))}
      </select>
      {plane && (
        <>
          <input
            type="range"
            min={range[0]}
            max={range[1]}
            step="1"
            value={position_mm}
            aria-label={say("plan.clip_at")}
            onInput={(event) => scene.store.cut({ position_mm: Number(event.currentTarget.value) })}
          />
          <button type="button" aria-pressed={flipped} onClick={() => scene.store.cut({ flipped: !flipped })}>
            {say("plan.clip_flip")}
          </button>
        </>
      )}
    </div>
  );
}
