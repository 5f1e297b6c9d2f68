// The table of studies. Arrow keys walk, Enter reads; each row says what can be done with it next.
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { StudyRow } from "../../api/types";
import { ago, isoDate, moment, number } from "../../model/format";
import { navigate } from "../../model/place";
import { may } from "../../model/session";
import { say, sayOr } from "../../model/words";
import { fresh, jobOf, order, type Order, sortBy } from "../../model/worklist";
import { useKeys } from "../../tools/keys";
import { Progress, State, TableBox } from "../bits";
import { Icon } from "../icon";
import { Menu } from "../menu";
import { canDraw, drawStudy, openPlan } from "./deeds";

interface TableProps {
  readonly rows: readonly StudyRow[];
  readonly onShare: (study: StudyRow) => void;
  readonly onRemove: (study: StudyRow) => void;
}

export function StudyTable({ rows, onShare, onRemove }: TableProps): JSX.Element {
  const [at, setAt] = useState<string | null>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const index = rows.findIndex((one) => one.id === at);
  const here = rows[index];
  const walk = (to: number): void => {
    const study = rows[Math.min(rows.length - 1, Math.max(0, to))];
    if (!study) return;
    setAt(study.id);
    body.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(study.id)}"] a`)?.focus();
  };
  const on = (act: (study: StudyRow) => void) => () => here && act(here);
  useKeys(say("studies.keys"), [
    { key: "ArrowDown", label: say("studies.key_down"), run: () => walk(index + 1) },
    { key: "ArrowUp", label: say("studies.key_up"), run: () => walk(index - 1) },
    { key: "j", label: "", run: () => walk(index + 1), hidden: true },
    { key: "k", label: "", run: () => walk(index - 1), hidden: true },
    { key: "Home", label: say("studies.key_first"), run: () => walk(0) },
    { key: "End", label: say("studies.key_last"), run: () => walk(rows.length - 1) },
    { key: "Enter", label: say("studies.read"), run: on((study) => navigate(`/read/${study.id}`)) },
    { key: "d", label: say("studies.draw"), run: on((study) => canDraw(study) && void drawStudy(study)) },
    { key: "p", label: say("studies.plan"), run: on((study) => void openPlan(study)) },
    { key: "s", label: say("studies.share"), run: on((study) => study.can_change && onShare(study)) },
    { key: "Delete", label: say("act.delete"), run: on((study) => study.can_change && onRemove(study)) },
  ]);
  return (
    <TableBox look="card" label={say("studies.title")}>
      <table class="list">
        <caption class="sr-only">{say("studies.title")}</caption>
        <thead>
          <tr>
            <Sorted by="patient">{say("studies.patient")}</Sorted>
            <Sorted by="date">{say("studies.date")}</Sorted>
            <th scope="col">{say("studies.modality")}</th>
            <th scope="col">{say("studies.description")}</th>
            <th scope="col" class="number">
              {say("studies.images")}
            </th>
            <th scope="col">{say("studies.status")}</th>
            <th scope="col">{say("studies.results")}</th>
            <Sorted by="created">{say("studies.received")}</Sorted>
            <th scope="col">
              <span class="sr-only">{say("studies.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((one) => (
            <Row key={one.id} study={one} here={one.id === at} onHere={() => setAt(one.id)} onShare={onShare} onRemove={onRemove} />
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

function Sorted({ by, children }: { by: Order; children: string }): JSX.Element {
  const now = order.value;
  const mine = now.by === by;
  return (
    <th scope="col" aria-sort={mine ? (now.down ? "descending" : "ascending") : "none"}>
      <button type="button" class="sorter" onClick={() => sortBy(by)}>
        <span>{children}</span>
        <span class={mine ? "sort-mark on" : "sort-mark"} aria-hidden="true">
          {mine && !now.down ? "▲" : "▼"}
        </span>
      </button>
    </th>
  );
}

interface RowProps {
  readonly study: StudyRow;
  readonly here: boolean;
  readonly onHere: () => void;
  readonly onShare: (study: StudyRow) => void;
  readonly onRemove: (study: StudyRow) => void;
}

function Row({ study, here, onHere, onShare, onRemove }: RowProps): JSX.Element {
  const open = (event: MouseEvent): void => {
    onHere();
    if ((event.target as Element).closest("button, a, .menu")) return;
    navigate(`/read/${study.id}`);
  };
  const look = [here ? "here" : "", fresh.value.has(study.id) ? "fresh" : ""].filter(Boolean).join(" ");
  return (
    <tr data-id={study.id} class={look} onClick={open} onFocusCapture={onHere}>
      <th scope="row" class="patient">
        <a href={`/read/${study.id}`}>{study.patient.name || say("studies.nameless")}</a>
        <span class="muted small-text">{[study.patient.id, study.patient.sex, isoDate(study.patient.birth_date)].filter(Boolean).join(" · ")}</span>
      </th>
      <td class="nowrap">{isoDate(study.date) || "–"}</td>
      <td class="nowrap">
        {study.modalities.map((one) => (
          <span key={one} class="modality">
            {one}
          </span>
        ))}
      </td>
      <td class="description">
        <span>{study.description || "–"}</span>
        {study.shared && (
          <span class="shared" title={say("studies.shared_all")}>
            <Icon name="users" size={15} />
            <span class="sr-only">{say("studies.shared_all")}</span>
          </span>
        )}
        {!study.mine && <span class="muted small-text owner">{say("studies.of", { owner: study.owner })}</span>}
      </td>
      <td class="number nowrap">{number(study.instances)}</td>
      <td class="status">
        <Status study={study} />
      </td>
      <td class="nowrap">
        <Counts study={study} />
      </td>
      <td class="muted nowrap" title={moment(study.created)}>
        {ago(study.created)}
      </td>
      <td class="deeds">
        <Deeds study={study} onShare={onShare} onRemove={onRemove} />
      </td>
    </tr>
  );
}

/** What state a study is in; while it is worked on, how far that is. */
function Status({ study }: { study: StudyRow }): JSX.Element {
  const job = jobOf(study.id);
  if (!job) return <State of={study.status} prefix="status." />;
  const step = job.state === "queued" ? say("state.queued") : sayOr(`step.${job.step}`, say("state.running"));
  return (
    <div class="at-work">
      <span class="small-text">{step}</span>
      <Progress fraction={job.state === "queued" ? 0 : job.fraction} label={step} />
    </div>
  );
}

function Counts({ study }: { study: StudyRow }): JSX.Element {
  const { drawings, plans, forecasts } = study.results;
  const all = [
    { n: drawings, icon: "draw", text: say("studies.n_drawings", { n: drawings }) },
    { n: plans, icon: "plan", text: say("studies.n_plans", { n: plans }) },
    { n: forecasts, icon: "forecast", text: say("studies.n_forecasts", { n: forecasts }) },
  ] as const;
  return (
    <span class="counts">
      {all
        .filter((one) => one.n > 0)
        .map((one) => (
          <span key={one.icon} title={one.text}>
            <Icon name={one.icon} size={16} />
            <span aria-hidden="true">{one.n}</span>
            <span class="sr-only">{one.text}</span>
          </span>
        ))}
    </span>
  );
}

function Deeds({ study, onShare, onRemove }: { study: StudyRow; onShare: RowProps["onShare"]; onRemove: RowProps["onRemove"] }): JSX.Element {
  const drawable = canDraw(study);
  const plannable = study.kind === "scan" && study.results.drawings > 0 && may("planner");
  const notMine = study.can_change ? "" : say("studies.owner_only");
  return (
    <div class="deed-row">
      {drawable && study.results.drawings === 0 ? (
        <button type="button" onClick={() => void drawStudy(study)} data-act="draw">
          <Icon name="draw" size={16} />
          <span>{say("studies.draw")}</span>
        </button>
      ) : plannable ? (
        <button type="button" onClick={() => void openPlan(study)} data-act="plan">
          <Icon name="plan" size={16} />
          <span>{say("studies.plan")}</span>
        </button>
      ) : null}
      <Menu
        label={say("studies.actions_of", { patient: study.patient.name || say("studies.nameless") })}
        items={[
          { label: say("studies.read"), icon: <Icon name="read" />, href: `/read/${study.id}` },
          { label: say("studies.draw"), icon: <Icon name="draw" />, run: () => void drawStudy(study), disabled: !drawable },
          { label: say("studies.plan"), icon: <Icon name="plan" />, run: () => void openPlan(study), disabled: !plannable, hint: plannable ? "" : say("shell.draw_first") },
          { label: say("studies.share"), icon: <Icon name="share" />, run: () => onShare(study), disabled: !study.can_change, hint: notMine },
          { label: say("act.delete"), icon: <Icon name="trash" />, run: () => onRemove(study), disabled: !study.can_change, hint: notMine, danger: true },
        ]}
      >
        <Icon name="more" />
      </Menu>
    </div>
  );
}
