// Where there is no drawing yet: one button that makes one, and how far it is, in place.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { Job, List, Result } from "../../api/types";
import { jobs } from "../../model/jobs";
import { resultsOf } from "../../model/study";
import { attempt } from "../../model/toasts";
import { phrase, say, sayOr } from "../../model/words";
import type { Desk } from "../../tools/reading/desk";
import { Note, Progress } from "../bits";
import { Icon } from "../icon";

interface PackRow {
  readonly name: string;
  readonly task?: string;
}

/** The newest job that draws this study. */
function drawingJob(study: string): Job | null {
  return jobs.value.find((one) => one.study_id === study && one.kind === "draw") ?? null;
}

export function DrawBox({ desk }: { desk: Desk }): JSX.Element | null {
  const [study, series] = [desk.study.value, desk.main.series.value];
  if (!study || !series) return null;
  const job = drawingJob(study.id);
  if (job && (job.state === "queued" || job.state === "running")) return <Running job={job} />;
  // a drawing that is still on its way is one, too: nothing may flash up before it
  const drawn = desk.main.drawing.value !== null || resultsOf(study, "drawing").some((one) => fits(one, series.id));
  if (drawn && !desk.again.value) return null;
  return <Start desk={desk} failed={job?.state === "failed" ? job : null} />;
}

function fits(drawing: Result, series: string): boolean {
  return !drawing.series_id || drawing.series_id === series;
}

function Running({ job }: { job: Job }): JSX.Element {
  const step = job.state === "queued" ? say("read.draw_queued") : sayOr(`step.${job.step}`, job.step);
  return (
    <section class="rd-section rd-draw" aria-live="polite">
      <h2>{say("read.drawing")}</h2>
      <Progress fraction={job.state === "queued" ? null : job.fraction} label={say("read.drawing")} />
      <p class="rd-quiet">{step}</p>
      <button type="button" onClick={() => void attempt(() => api.post(`/api/jobs/${job.id}/cancel`))}>
        <Icon name="stop" /> {say("act.cancel")}
      </button>
    </section>
  );
}

function Start({ desk, failed }: { desk: Desk; failed: Job | null }): JSX.Element {
  const series = desk.main.series.value!;
  const [packs, setPacks] = useState<readonly PackRow[]>([]);
  const [pack, setPack] = useState(series.suggested_pack ?? "");
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    setPack(series.suggested_pack ?? "");
    api.get<List<PackRow>>("/api/packs").then(
      (list) => setPacks(list.items.filter((one) => one.task === "segment" || one.task === "detect")),
      () => setPacks([]), // the suggested one is enough
    );
  }, [series.id]);
  const names = [...new Set([...(series.suggested_pack ? [series.suggested_pack] : []), ...packs.map((one) => one.name)])];
  return (
    <section class="rd-section rd-draw">
      <h2>{say(desk.again.value ? "read.draw_again" : "read.no_drawing")}</h2>
      {failed && <Note kind="bad">{phrase(failed.message)}</Note>}
      {series.drawable ? (
        <>
          <p class="rd-quiet">{say("read.draw_what")}</p>
          <label class="field">
            {say("read.pack")}
            <select value={pack} onChange={(event) => setPack(event.currentTarget.value)}>
              {names.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </label>
          <button
            type="button"
            class="primary"
            disabled={asked}
            onClick={() => {
              setAsked(true);
              void attempt(() => desk.draw(pack || null)).finally(() => setAsked(false));
            }}
          >
            <Icon name="draw" /> {say("read.draw")}
          </button>
        </>
      ) : (
        <p class="rd-quiet">{say("read.not_drawable")}</p>
      )}
    </section>
  );
}
