// Correct: the label map of a drawing under the hand, until it becomes a version of its own.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ResultWhole } from "../../api/types";
import { enterResult } from "../../model/study";
import { attempt } from "../../model/toasts";
import { say, sayOr } from "../../model/words";
import { Empty, Note, Waiting } from "../../panels/bits";
import { Labels } from "../../panels/correcting/labels";
import { Pane } from "../../panels/correcting/pane";
import { Queue } from "../../panels/correcting/queue";
import { Rail } from "../../panels/correcting/rail";
import { Compare, SaveBox } from "../../panels/correcting/save_box";
import { ToolBox } from "../../panels/correcting/tool_box";
import { PLANES } from "../../model/reading/grid";
import type { PaneView } from "../../render/reading/pane";
import { CorrectDesk } from "../../tools/correcting/desk";
import { correctKeys, preset } from "../../tools/correcting/keys";
import { useKeys } from "../../tools/keys";
import { pageReady } from "../../model/place";
import type { PageProps } from "../router";
import "../styles/read.css";
import "../styles/correct.css";

/** What tests look at. */
interface CorrectHandle {
  readonly desk: CorrectDesk;
  readonly panes: PaneView[];
}

declare global {
  interface Window {
    limnerCorrect?: CorrectHandle;
  }
}

export default function CorrectPage({ params }: PageProps): JSX.Element {
  const id = params["result"] ?? "";
  const [desk, setDesk] = useState<CorrectDesk | null>(null);
  useEffect(() => {
    pageReady(false);
    const made = new CorrectDesk(id);
    setDesk(made);
    window.limnerCorrect = { desk: made, panes: [] };
    void attempt(async () => made.open(await enterResult<ResultWhole>(id)));
    return () => {
      made.close();
      delete window.limnerCorrect;
    };
  }, [id]);
  return desk?.id === id ? <Room key={id} desk={desk} /> : <Waiting />;
}

function Room({ desk }: { desk: CorrectDesk }): JSX.Element {
  useKeys(say("correct.title"), correctKeys(desk), [desk]);
  const result = desk.result.value;
  if (result && !result.series_id) return <Empty icon="correct" title={say("correct.no_series")} />;
  const onPane = (pane: PaneView, there: boolean): void => {
    const panes = window.limnerCorrect?.panes;
    if (!panes) return;
    if (there) panes.push(pane);
    else panes.splice(panes.indexOf(pane), 1);
  };
  const onPaint = (): void => {
    if (desk.editor.peek()) pageReady();
  };
  return (
    <div class="rd co">
      <Head desk={desk} />
      <Rail desk={desk} />
      <div class="rd-middle">
        <div class="rd-panes layout-mpr">
          {PLANES.map((plane) => (
            <Pane key={plane} desk={desk} plane={plane} onPane={onPane} onPaint={onPaint} />
          ))}
        </div>
      </div>
      <aside class="rd-side" aria-label={say("correct.side")}>
        <div class="co-scroll" tabIndex={-1}>
          <Notes desk={desk} />
          <Labels desk={desk} />
          <ToolBox desk={desk} />
          <Compare desk={desk} />
          <Queue desk={desk} />
        </div>
        <SaveBox desk={desk} />
      </aside>
    </div>
  );
}

function Notes({ desk }: { desk: CorrectDesk }): JSX.Element | null {
  const result = desk.result.value;
  const resumed = desk.resumed.value;
  if (result && result.newest > result.version) {
    return (
      <div class="rd-section">
        <Note kind="warn">
          <p>{say("correct.newer", { newest: result.newest, version: result.version })}</p>
          {desk.state.edits.value > 0 && (
            <button type="button" onClick={() => desk.carryOn()}>
              {say("correct.carry", { newest: result.newest })}
            </button>
          )}
        </Note>
      </div>
    );
  }
  if (!resumed) return null;
  return (
    <div class="rd-section">
      <Note>{say(resumed === 1 ? "correct.resumed_one" : "correct.resumed", { n: resumed })}</Note>
    </div>
  );
}

function Head({ desk }: { desk: CorrectDesk }): JSX.Element {
  const series = desk.board.series.value;
  const window = desk.reading.view.window.value;
  const hover = desk.reading.hover.value;
  const [x, y, z] = hover?.world ?? [0, 0, 0];
  return (
    <div class="rd-head">
      <h1 class="sr-only">{say("correct.title")}</h1>
      <span class="rd-series">{series ? series.description || series.modality : ""}</span>
      <div class="rd-windows" role="group" aria-label={say("read.window")}>
        {series?.window.map((one, n) => (
          <button key={one.name} type="button" aria-pressed={window.name === one.name} onClick={() => preset(desk, n + 1)}>
            <kbd>{n + 1}</kbd>
            {sayOr(`read.window_${one.name.replace("-", "_")}`, one.name)}
          </button>
        ))}
      </div>
      <output class="rd-under" aria-live="off">
        {hover && `${x.toFixed(1)}  ${y.toFixed(1)}  ${z.toFixed(1)} mm`}
        <b>{hover && hover.value !== null ? `${Math.round(hover.value)} ${series?.unit ?? ""}` : ""}</b>
      </output>
    </div>
  );
}
