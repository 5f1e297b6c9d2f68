// What the server works on: live, with a way to stop it and to ask again.
import "../styles/jobs.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { Job, List, StudyRow } from "../../api/types";
import { ago, clock, isoDate, moment, timeOf } from "../../model/format";
import { active, cancelJob, jobs, jobsKnown, kindName, loadJobs, repeatJob, resultAddress } from "../../model/jobs";
import { pageReady, queryText, setQuery } from "../../model/place";
import { may } from "../../model/session";
import { attempt } from "../../model/toasts";
import { phrase, say, sayOr } from "../../model/words";
import { Empty, Progress, State, TableBox, Waiting } from "../../panels/bits";
import { Icon, type IconName } from "../../panels/icon";

const ICONS: Readonly<Record<string, IconName>> = {
  draw: "draw",
  plan: "plan",
  forecast: "forecast",
  explain: "explain",
  generate: "generate",
  correct: "correct",
  "pacs-get": "network",
};
const SHOWN = ["all", "active", "failed"] as const;

/** Whose images a job works on; a job itself names nobody. */
type Names = ReadonlyMap<string, StudyRow>;

export default function Jobs(): JSX.Element {
  const [names, setNames] = useState<Names>(new Map());
  const [, tick] = useState(0);
  const shown = SHOWN.find((one) => one === queryText("show")) ?? "all";
  useEffect(() => {
    void attempt(() => (jobsKnown.value ? Promise.resolve() : loadJobs()));
    void attempt(() => api.post<List<StudyRow>>("/api/studies/search", { limit: 500 })).then((found) =>
      setNames(new Map(found?.items.map((one) => [one.id, one]))),
    );
    const timer = window.setInterval(() => active.value.length > 0 && tick((n) => n + 1), 1000); // seconds go on
    return () => window.clearInterval(timer);
  }, []);
  useEffect(() => {
    if (jobsKnown.value) pageReady();
  }, [jobsKnown.value]);
  const list = jobs.value.filter((one) => shown === "all" || (shown === "failed" ? one.state === "failed" : active.value.includes(one)));
  return (
    <div class="page">
      <header class="page-head">
        <h1>{say("jobs.title")}</h1>
        <div class="group" role="group" aria-label={say("jobs.show")}>
          {SHOWN.map((one) => (
            <button key={one} type="button" aria-pressed={one === shown} onClick={() => setQuery({ show: one === "all" ? null : one })}>
              {say(`jobs.show_${one}`)}
            </button>
          ))}
        </div>
      </header>
      {!jobsKnown.value ? (
        <Waiting />
      ) : list.length === 0 ? (
        <Empty icon="jobs" title={say(shown === "all" ? "jobs.none" : "jobs.none_such")}>
          <p>{say("jobs.none_detail")}</p>
          <a class="button" href="/studies">
            {say("shell.to_studies")}
          </a>
        </Empty>
      ) : (
        <JobTable list={list} names={names} />
      )}
    </div>
  );
}

function JobTable({ list, names }: { list: readonly Job[]; names: Names }): JSX.Element {
  const owners = may("admin");
  return (
    <TableBox look="card" label={say("jobs.title")}>
      <table class="list jobs-list">
        <caption class="sr-only">{say("jobs.title")}</caption>
        <thead>
          <tr>
            <th scope="col">{say("jobs.kind")}</th>
            <th scope="col">{say("jobs.of")}</th>
            <th scope="col">{say("studies.status")}</th>
            <th scope="col">{say("jobs.asked")}</th>
            <th scope="col" class="number">
              {say("jobs.took")}
            </th>
            {owners && <th scope="col">{say("jobs.owner")}</th>}
            <th scope="col">
              <span class="sr-only">{say("studies.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map((job) => (
            <tr key={job.id} data-id={job.id} data-state={job.state}>
              <th scope="row" class="nowrap">
                <span class="job-kind">
                  <Icon name={ICONS[job.kind] ?? "jobs"} />
                  <strong>{kindName(job.kind)}</strong>
                  {job.attempt > 1 && <span class="tag">{say("jobs.attempt", { n: job.attempt })}</span>}
                </span>
              </th>
              <td>
                <Of study={job.study_id ? names.get(job.study_id) : undefined} job={job} />
              </td>
              <td class="job-state">
                <Standing job={job} />
              </td>
              <td class="nowrap muted" title={moment(job.created)}>
                {ago(job.created)}
              </td>
              <td class="nowrap number">{took(job)}</td>
              {owners && <td class="nowrap">{job.owner}</td>}
              <td class="deeds">
                <Deeds job={job} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

function Of({ study, job }: { study: StudyRow | undefined; job: Job }): JSX.Element {
  if (!study) return <span class="muted">{job.study_id ? say("jobs.a_study") : "–"}</span>;
  return (
    <span class="patient">
      <a href={`/read/${study.id}`}>{study.patient.name || say("studies.nameless")}</a>
      <span class="muted small-text">{[study.modalities.join("/"), isoDate(study.date), study.description].filter(Boolean).join(" · ")}</span>
    </span>
  );
}

function Standing({ job }: { job: Job }): JSX.Element {
  if (job.state === "running") {
    const step = sayOr(`step.${job.step}`, job.step || say("state.running"));
    return (
      <div class="at-work">
        <span class="small-text">
          {step} · {Math.round(100 * job.fraction)} %
        </span>
        <Progress fraction={job.fraction} label={step} />
      </div>
    );
  }
  return (
    <>
      <State of={job.state} prefix="state." />
      {job.state === "failed" && job.message && <p class="job-message small-text">{phrase(job.message)}</p>}
    </>
  );
}

function took(job: Job): string {
  if (!job.started) return "–";
  const end = job.ended ? timeOf(job.ended).getTime() : Date.now();
  return clock((end - timeOf(job.started).getTime()) / 1000);
}

function Deeds({ job }: { job: Job }): JSX.Element {
  const address = resultAddress(job);
  const mine = job.study_id !== null || job.result_id !== null || job.made_id !== null || !may("admin");
  return (
    <div class="deed-row">
      {address && (
        <a class="button" href={address}>
          {say("jobs.open")}
        </a>
      )}
      {(job.state === "queued" || job.state === "running") && (
        <button type="button" onClick={() => void attempt(() => cancelJob(job.id))}>
          <Icon name="stop" size={16} />
          <span>{say("act.cancel")}</span>
        </button>
      )}
      {(job.state === "failed" || job.state === "cancelled") && mine && (
        <button type="button" onClick={() => void attempt(() => repeatJob(job.id))}>
          <Icon name="again" size={16} />
          <span>{say("act.again")}</span>
        </button>
      )}
    </div>
  );
}
