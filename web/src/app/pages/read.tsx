// Read: the study as pictures. The first slice stands as soon as its bytes are here; all else comes after it.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { effect } from "@preact/signals";
import { navigate, pageReady, query } from "../../model/place";
import { enterStudy, openStudy, resultsOf } from "../../model/study";
import { fail } from "../../model/toasts";
import { phrase, say } from "../../model/words";
import { Empty, Waiting } from "../../panels/bits";
import { Icon } from "../../panels/icon";
import { CompareBar } from "../../panels/reading/compare_bar";
import { DrawBox } from "../../panels/reading/draw_box";
import { Findings } from "../../panels/reading/findings";
import { Head } from "../../panels/reading/head";
import { Labels } from "../../panels/reading/labels";
import { Measures } from "../../panels/reading/measures";
import { Moving } from "../../panels/reading/moving";
import { Overlays } from "../../panels/reading/overlays";
import { Panes } from "../../panels/reading/panes";
import { Problems } from "../../panels/reading/problems";
import { Rail } from "../../panels/reading/rail";
import { Report, fileOf } from "../../panels/reading/report";
import type { PaneView } from "../../render/reading/pane";
import { useKeys } from "../../tools/keys";
import { Desk } from "../../tools/reading/desk";
import { readingKeys } from "../../tools/reading/keys";
import type { PageProps } from "../router";
import "../styles/read.css";

/** What tests and the bench look at. */
interface ReadHandle {
  readonly desk: Desk;
  readonly panes: PaneView[];
}

declare global {
  interface Window {
    limnerRead?: ReadHandle;
  }
}

export default function ReadPage({ params }: PageProps): JSX.Element {
  const id = params["study"]!;
  const [desk, setDesk] = useState<Desk | null>(null);
  useEffect(() => {
    const made = new Desk();
    let gone = false;
    setDesk(made);
    enterStudy(id)
      .then(async (study) => {
        if (gone) return;
        if (study.kind === "picture") navigate(`/explain/${id}`, true);
        else await made.open(study, query.peek());
      })
      .catch(fail);
    const stop = effect(() => followStudy(made));
    return () => {
      gone = true;
      stop();
      made.close();
      delete window.limnerRead;
    };
  }, [id]);
  return desk ? <Room key={id} desk={desk} /> : <Waiting />;
}

/** A drawing that is finished while the study is open is laid over it; one that was open stays in the list. */
function followStudy(desk: Desk): void {
  const study = openStudy.value;
  const before = desk.study.peek();
  if (!study || !before || study === before || study.id !== before.id) return;
  desk.study.value = study;
  const known = new Set(before.results.map((one) => one.id));
  const series = desk.main.series.peek()?.id;
  const fresh = resultsOf(study, "drawing").find((one) => !known.has(one.id) && one.series_id === series);
  if (fresh && desk.reading.view.volume.peek()) desk.choose(fresh.id).catch(fail);
}

function Room({ desk }: { desk: Desk }): JSX.Element {
  const [report, setReport] = useState(false);
  const { reading, main } = desk;
  useKeys(say("read.title"), readingKeys(desk), [desk]);
  const onPane = (pane: PaneView, there: boolean): void => {
    window.limnerRead ??= { desk, panes: [] };
    const { panes } = window.limnerRead;
    if (!there) return void panes.splice(panes.indexOf(pane), 1);
    panes.push(pane);
    pane.onPaint = () => {
      pane.onPaint = null; // what is told with each paint would be paid with each slice
      if (!performance.getEntriesByName("limner-first").length) performance.mark("limner-first");
      pageReady();
    };
  };
  const drawing = main.drawing.value;
  const series = main.series.value;
  if (desk.obstacle.value === "no-series") return <Empty icon="studies" title={say("read.no_series")} />;
  return (
    <div class="rd">
      <h1 class="sr-only">{say("read.title")}</h1>
      <Head desk={desk} />
      <Rail desk={desk} />
      <div class="rd-middle">
        {series && !series.shape ? (
          <Empty icon="alert" title={say("read.no_volume")}>
            {series.problems.map((one) => (
              <p key={one.text}>{phrase(one.text)}</p>
            ))}
          </Empty>
        ) : (
          <Panes desk={desk} onPane={onPane} />
        )}
        {report && drawing && (
          <div class="rd-report">
            <button type="button" class="rd-close" onClick={() => setReport(false)}>
              <Icon name="close" /> {say("read.close_report")}
            </button>
            <iframe title={say("read.report")} src={fileOf(drawing, "report.html")} />
          </div>
        )}
      </div>
      <aside class="rd-side" aria-label={say("read.side")}>
        <Problems desk={desk} />
        <DrawBox desk={desk} />
        {reading.layout.value === "compare" && <CompareBar desk={desk} />}
        <Findings desk={desk} />
        <Labels desk={desk} />
        <Moving desk={desk} />
        <Overlays desk={desk} />
        <Measures desk={desk} />
        <Report desk={desk} onOpen={() => setReport(true)} />
      </aside>
    </div>
  );
}
