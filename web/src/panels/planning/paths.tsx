// The paths that are offered, best first, and those that a person moved and kept.
import type { JSX } from "preact";
import { number } from "../../model/format";
import type { Path } from "../../model/planning/forms";
import { fieldName } from "../../model/schema_form";
import { say } from "../../model/words";
import type { Bench } from "../../tools/planning/bench";
import { Note } from "../bits";
import { Icon } from "../icon";
import { degrees, interval, mm, nearestOf } from "./figures";

export function Paths({ bench }: { bench: Bench }): JSX.Element {
  const needles = bench.state.value?.needles;
  if (!needles) return <p class="hint">{say("plan.searching")}</p>;
  return (
    <section class="plan-paths" aria-label={say("plan.paths")}>
      <h2>{say("plan.paths")}</h2>
      {needles.paths.length === 0 && <NoPath bench={bench} />}
      <ol>
        {bench.offered.value.map((path, n) => (
          <Row key={path.id} bench={bench} path={path} name={say("plan.path_n", { n: n + 1 })} />
        ))}
      </ol>
      {bench.own.value.length > 0 && (
        <>
          <div class="plan-head">
            <h2>{say("plan.drafts")}</h2>
            <button type="button" class="quiet" onClick={() => save(bench)}>
              {say("plan.export")}
            </button>
          </div>
          <ol>
            {bench.own.value.map((draft, n) => (
              <Row key={draft.id} bench={bench} path={draft.path} name={say("plan.draft_n", { n: n + 1 })} own />
            ))}
          </ol>
          {bench.kept.value ? <p class="hint">{say("plan.drafts_where")}</p> : <Note kind="bad">{say("plan.not_kept_detail")}</Note>}
        </>
      )}
    </section>
  );
}

function NoPath({ bench }: { bench: Bench }): JSX.Element {
  const needles = bench.state.value?.needles;
  return (
    <div class="note note-warn">
      <div>
        <strong>{say("plan.no_path")}</strong>
        {needles?.relax.slice(0, 3).map((one) => (
          <p key={one.rule}>{say("plan.relax", { rule: fieldName(["needle", one.rule]), now: number(one.now, 1), needed: number(one.needed, 1) })}</p>
        ))}
        {!needles?.relax.length && <p>{say("plan.no_relax")}</p>}
      </div>
    </div>
  );
}

function Row({ bench, path, name, own = false }: { bench: Bench; path: Path; name: string; own?: boolean }): JSX.Element {
  const chosen = bench.chosen.value === path.id;
  const doubt = !path.safe ? "refused" : path.safe_only_at_mean ? "doubt" : "safe";
  return (
    <li class={`plan-row ${doubt}${chosen ? " chosen" : ""}`}>
      <button type="button" aria-pressed={chosen} onClick={() => bench.choose(path.id)}>
        <span class="plan-row-name">
          {name}
          {doubt !== "safe" && <em>{say(doubt === "doubt" ? "plan.at_mean_short" : "plan.refused")}</em>}
        </span>
        <span class="plan-row-facts">
          {mm(path.length_mm, 0)} · {degrees(path.angle_deg)} · {nearestOf(path)}
        </span>
        <span class="plan-row-clear">{interval(path.clearance_mm)}</span>
      </button>
      <label class="plan-compare" title={say("plan.compare")}>
        <input type="checkbox" checked={bench.compared.value.includes(path.id)} onChange={() => bench.compare(path.id)} />
        <span class="sr-only">{say("plan.compare_named", { name })}</span>
      </label>
      {own && (
        <button type="button" class="quiet square" aria-label={say("plan.drop_named", { name })} onClick={() => bench.drop(path.id)}>
          <Icon name="close" size={14} />
        </button>
      )}
    </li>
  );
}

function save(bench: Bench): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bench.exported()], { type: "application/json" }));
  link.download = "limner-paths.json";
  link.click();
  URL.revokeObjectURL(link.href);
}
