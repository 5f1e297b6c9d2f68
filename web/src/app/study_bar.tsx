// Whose study is open, and the ways to look at it: one click from page to page.
import type { JSX } from "preact";
import { isoDate } from "../model/format";
import { path } from "../model/place";
import { may } from "../model/session";
import { currentDrawing, openResult, openStudy, resultsOf } from "../model/study";
import { say } from "../model/words";
import { Icon, type IconName } from "../panels/icon";

interface Way {
  readonly key: "read.title" | "correct.title" | "plan.title" | "forecast.title" | "explain.title";
  readonly icon: IconName;
  readonly href: string | null;
  /** Why it is closed. */
  readonly hint: string;
}

function ways(): Way[] {
  const study = openStudy.value;
  if (!study) return [];
  const drawing = currentDrawing.value;
  const needsDrawing = say("shell.draw_first");
  const needsRole = say("shell.closed_detail");
  const on = (page: string): string | null => (drawing && may("planner") ? `/${page}/${drawing.id}` : null);
  const hint = may("planner") ? needsDrawing : needsRole;
  const plan = resultsOf(study, "plan").find((one) => one.parent_id === drawing?.id);
  const read: Way = { key: "read.title", icon: "read", href: `/read/${study.id}`, hint: "" };
  const explain: Way = { key: "explain.title", icon: "explain", href: `/explain/${study.id}`, hint: "" };
  if (study.kind === "picture") return [read, explain];
  return [
    read,
    { key: "correct.title", icon: "correct", href: on("correct"), hint },
    { key: "plan.title", icon: "plan", href: plan && may("planner") ? `/plan/${plan.id}` : on("plan"), hint },
    { key: "forecast.title", icon: "forecast", href: on("forecast"), hint },
    explain,
  ];
}

export function StudyBar(): JSX.Element {
  const study = openStudy.value;
  return (
    <>
      <nav class="crumb" aria-label={say("shell.crumb")}>
        <a class="crumb-back" href="/studies">
          <Icon name="back" size={16} />
          <span>{say("studies.title")}</span>
        </a>
        {study && (
          <span class="crumb-study" title={study.description}>
            <strong>{study.patient.name || say("studies.nameless")}</strong>
            <span class="crumb-facts">
              {[study.modalities.join("/"), isoDate(study.date), study.description].filter(Boolean).join(" · ")}
            </span>
          </span>
        )}
      </nav>
      <nav class="ways" aria-label={say("shell.ways")}>
        {ways().map((one) =>
          one.href ? (
            <a key={one.key} href={one.href} aria-current={isHere(one.href) ? "page" : undefined}>
              <Icon name={one.icon} size={17} />
              <span>{say(one.key)}</span>
            </a>
          ) : (
            <span key={one.key} class="way-closed" title={one.hint} aria-disabled="true" role="link">
              <Icon name={one.icon} size={17} />
              <span>{say(one.key)}</span>
            </span>
          ),
        )}
      </nav>
      {openResult.value && openResult.value.version > 1 && <span class="tag">{say("shell.version", { n: openResult.value.version })}</span>}
    </>
  );
}

/** A page of the study is the same page whichever result it shows. */
function isHere(href: string): boolean {
  return path.value.split("/")[1] === href.split("/")[1];
}
