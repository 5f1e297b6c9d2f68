// The plan that is kept: made by a job, with its pages.
import type { JSX } from "preact";
import { computed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Result } from "../../api/types";
import { moment } from "../../model/format";
import { jobs, startJob } from "../../model/jobs";
import { openStudy, resultsOf } from "../../model/study";
import { fail } from "../../model/toasts";
import { lang } from "../../model/look";
import { say } from "../../model/words";
import type { Bench } from "../../tools/planning/bench";
import { Progress } from "../bits";

export function PlanJob({ drawing, bench }: { drawing: Result; bench: Bench }): JSX.Element {
  const running = useMemo(
    () => computed(() => jobs.value.find((one) => one.kind === "plan" && one.result_id === drawing.id && (one.state === "queued" || one.state === "running"))),
    [drawing.id],
  ).value;
  const study = openStudy.value;
  const plans = study ? resultsOf(study, "plan").filter((one) => one.parent_id === drawing.id) : [];
  const make = (): void => {
    const options = { target: bench.target.value, lang: lang.value };
    startJob("plan", { result_id: drawing.id, ...(drawing.study_id ? { study_id: drawing.study_id } : {}), options }).catch(fail);
  };
  return (
    <section class="plan-job" aria-label={say("plan.kept_plan")}>
      <h2>{say("plan.kept_plan")}</h2>
      <button type="button" class="primary" disabled={running !== undefined || !bench.target.value} onClick={make}>
        {say("plan.make")}
      </button>
      {running && <Progress fraction={running.state === "queued" ? null : running.fraction} label={say("plan.making")} />}
      <ul>
        {plans.map((one) => (
          <li key={one.id}>
            <a href={`/api/results/${one.id}/files/plan.pdf`} target="_blank" rel="noopener">
              {say("plan.open_pdf")}
            </a>{" "}
            <small>
              {one.title} · {moment(one.created)}
            </small>
          </li>
        ))}
      </ul>
      <p class="hint">{say("plan.job_hint")}</p>
    </section>
  );
}
