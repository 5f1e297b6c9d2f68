// The work list: what is there, what is being done with it, and how more comes in.
import "../styles/studies.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { StudyRow } from "../../api/types";
import { pageReady } from "../../model/place";
import { may } from "../../model/session";
import { count, say } from "../../model/words";
import { failed, filtered, followStudies, rows, total } from "../../model/worklist";
import { findCutOff, send } from "../../tools/upload";
import { Note, Waiting } from "../../panels/bits";
import { told } from "../../model/toasts";
import { Icon } from "../../panels/icon";
import { DropZone, PickButton } from "../../panels/studies/drop";
import { Filters } from "../../panels/studies/filters";
import { NoMatch, NoStudies } from "../../panels/studies/empty";
import { Pacs } from "../../panels/studies/pacs";
import { Pager } from "../../panels/studies/pager";
import { Remove, Share } from "../../panels/studies/share";
import { StudyTable } from "../../panels/studies/table";
import { CutOffNote, UploadPanel } from "../../panels/studies/upload";
import { useKeys } from "../../tools/keys";

/** A list this short leaves room to say how it grows. */
const FEW = 8;

type Asked = { readonly what: "share" | "remove"; readonly study: StudyRow } | { readonly what: "pacs" } | null;

export default function Studies(): JSX.Element {
  const [asked, setAsked] = useState<Asked>(null);
  useEffect(() => followStudies(), []);
  useEffect(() => void findCutOff(), []);
  useEffect(() => {
    if (rows.value !== null || failed.value !== null) pageReady();
  }, [rows.value, failed.value]);
  useKeys(say("studies.title"), [{ key: "q", label: say("studies.pacs"), run: () => setAsked({ what: "pacs" }) }]);
  const list = rows.value;
  const none = list !== null && list.length === 0;
  return (
    <DropZone onFiles={(found) => void send(found)}>
      <div class="page studies">
        <header class="page-head">
          <h1>{say("studies.title")}</h1>
          {list && !(none && !filtered.value) && <span class="muted">{count("studies.count", total.value)}</span>}
          {!(none && !filtered.value) && <Filters />}
          <span class="grow" />
          {may("planner") && (
            <button type="button" onClick={() => setAsked({ what: "pacs" })}>
              <Icon name="network" />
              <span>{say("studies.pacs")}</span>
            </button>
          )}
          <PickButton onFiles={(found) => void send(found)} />
        </header>
        <CutOffNote />
        <UploadPanel />
        {failed.value !== null ? (
          <Note kind="bad">
            <strong>{told(failed.value).title}</strong>
            <p>{told(failed.value).detail}</p>
          </Note>
        ) : list === null ? (
          <Waiting />
        ) : none ? (
          filtered.value ? <NoMatch /> : <NoStudies onPacs={() => setAsked({ what: "pacs" })} />
        ) : (
          <>
            <StudyTable rows={list} onShare={(study) => setAsked({ what: "share", study })} onRemove={(study) => setAsked({ what: "remove", study })} />
            <Pager />
            {total.value <= FEW && <p class="list-hint small-text">{say("studies.drop_hint")}</p>}
          </>
        )}
        {asked?.what === "share" && <Share study={asked.study} onClose={() => setAsked(null)} />}
        {asked?.what === "remove" && <Remove study={asked.study} onClose={() => setAsked(null)} />}
        {asked?.what === "pacs" && <Pacs onClose={() => setAsked(null)} />}
      </div>
    </DropZone>
  );
}
