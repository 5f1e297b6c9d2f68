// The report of the drawing that is open: read it here, sign it, take its files. Versions of the drawing are chosen here.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { Result, ResultWhole } from "../../api/types";
import { moment } from "../../model/format";
import { lang } from "../../model/look";
import { may } from "../../model/session";
import { enterStudy, openStudy, resultsOf } from "../../model/study";
import { keepDraft, recallDraft } from "../../model/drafts/shelf";
import { attempt, notify } from "../../model/toasts";
import { say } from "../../model/words";
import type { Desk } from "../../tools/reading/desk";
import { Dialog } from "../dialog";
import { Icon } from "../icon";
import { told } from "./measures";
import { SendBox } from "./send_box";
import { SignedReport } from "./signed_report";

const TAKEN = [
  ["labels.seg.dcm", "SEG"],
  ["report.sr.dcm", "SR"],
  ["report.pdf", "PDF"],
  ["scene.glb", "GLB"],
  ["labels.nii.gz", "NIfTI"],
] as const;

export function fileOf(drawing: Result, path: string): string {
  return `/api/results/${drawing.id}/files/${path}`;
}

export function Report({ desk, onOpen }: { desk: Desk; onOpen: () => void }): JSX.Element | null {
  const drawing = desk.main.drawing.value;
  const [signing, setSigning] = useState(false);
  if (!drawing) return desk.bare.value ? <Bare desk={desk} /> : null;
  const { signed } = drawing;
  return (
    <section class="rd-section" aria-labelledby="rd-report">
      <h2 id="rd-report">{say("read.report")}</h2>
      <Versions desk={desk} open={drawing.id} />
      {signed ? (
        <p class="rd-signed">
          <Icon name="sign" /> {say("read.signed", { by: signed.by, at: moment(signed.at) })}
          {signed.text && <q>{signed.text}</q>}
        </p>
      ) : null}
      {signed && <SignedReport drawing={drawing} />}
      <div class="rd-acts">
        {drawing.files.includes("report.html") && (
          <button type="button" onClick={onOpen}>
            <Icon name="file" /> {say("read.open_report")}
          </button>
        )}
        {!signed && (
          <button type="button" class="primary" onClick={() => setSigning(true)}>
            <Icon name="sign" /> {say("read.sign")}
          </button>
        )}
        {may("planner") && (
          <a class="button" href={`/correct/${drawing.id}`}>
            <Icon name="correct" /> {say("read.correct")}
          </a>
        )}
        {may("planner") && (
          <a class="button" href={`/plan/${drawing.id}`}>
            <Icon name="plan" /> {say("read.plan")}
          </a>
        )}
        <button type="button" aria-pressed={desk.again.value} onClick={() => (desk.again.value = !desk.again.value)}>
          <Icon name="draw" /> {say("read.draw_again")}
        </button>
      </div>
      <p class="rd-files">
        <Icon name="down" size={16} />
        {TAKEN.filter(([path]) => drawing.files.includes(path)).map(([path, name]) => (
          <a key={path} href={fileOf(drawing, path)} download={path}>
            {name}
          </a>
        ))}
      </p>
      <SendBox drawing={drawing} />
      {signing && <Signing desk={desk} drawing={drawing} onClose={() => setSigning(false)} />}
    </section>
  );
}

/** Where the reader took the drawing off: the way back to it. */
function Bare({ desk }: { desk: Desk }): JSX.Element {
  return (
    <section class="rd-section" aria-label={say("read.versions")}>
      <Versions desk={desk} open="" />
    </section>
  );
}

function Versions({ desk, open }: { desk: Desk; open: string }): JSX.Element {
  const study = openStudy.value;
  const drawings = study ? resultsOf(study, "drawing") : [];
  const named = (one: Result): string =>
    [say("read.version", { n: one.version }), one.pack, one.author, moment(one.created), one.signed ? say("read.is_signed") : ""]
      .filter(Boolean)
      .join(" · ");
  return (
    <select
      aria-label={say("read.versions")}
      value={open}
      onChange={(event) => {
        const next = event.currentTarget.value;
        void attempt(() => desk.choose(next || null));
      }}
    >
      {drawings.map((one) => (
        <option key={one.id} value={one.id}>
          {named(one)}
        </option>
      ))}
      <option value="">{say("read.version_none")}</option>
    </select>
  );
}

function Signing({ desk, drawing, onClose }: { desk: Desk; drawing: ResultWhole; onClose: () => void }): JSX.Element {
  const [text, setText] = useState("");
  useEffect(() => {
    // what was typed meanwhile stands
    recallDraft("signature", drawing.id).then((kept) => typeof kept === "string" && setText((now) => now || kept), () => undefined);
  }, [drawing.id]);
  const typed = (next: string): void => {
    setText(next);
    keepDraft("signature", drawing.id, next || null).catch(() => notify("bad", say("drafts.not_kept"), say("read.text_not_kept")));
  };
  const [sure, setSure] = useState(false);
  const mine = desk.reading.measures.value.filter((one) => one.author === undefined);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const sign = async (): Promise<void> => {
    const signed = await attempt(async () => {
      const measures = await desk.kept.seen(mine.filter((one) => !left.has(one.id)));
      return api.post<Result>(`/api/results/${drawing.id}/sign`, { text, measures, lang: lang.value });
    });
    if (!signed) return;
    void keepDraft("signature", drawing.id, null).catch(() => undefined);
    desk.main.drawing.value = { ...drawing, ...signed };
    onClose();
    void attempt(() => desk.kept.load());
    void attempt(() => enterStudy(drawing.study_id!)); // the work list's state of it
  };
  return (
    <Dialog title={say("read.sign_title", { n: drawing.version })} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (sure) void sign();
        }}
      >
        <label class="field">
          {say("read.sign_text")}
          <textarea rows={5} maxLength={4000} value={text} onInput={(event) => typed(event.currentTarget.value)} />
        </label>
        {mine.length > 0 && (
          <fieldset class="rd-signs">
            <legend>{say("read.sign_measures")}</legend>
            {mine.map((one) => (
              <label key={one.id} class="check">
                <input
                  type="checkbox"
                  checked={!left.has(one.id)}
                  onChange={(event) => {
                    const rest = new Set(left);
                    if (event.currentTarget.checked) rest.delete(one.id);
                    else rest.add(one.id);
                    setLeft(rest);
                  }}
                />{" "}
                {say(`read.measure_${one.kind}`)} {told(one, desk)}
              </label>
            ))}
          </fieldset>
        )}
        <p class="rd-quiet">{say("read.sign_what")}</p>
        <label class="check">
          <input type="checkbox" checked={sure} onChange={(event) => setSure(event.currentTarget.checked)} /> {say("read.sign_sure")}
        </label>
        <footer class="dialog-foot">
          <button type="button" onClick={onClose}>
            {say("act.cancel")}
          </button>
          <button type="submit" class="primary" disabled={!sure}>
            {say("read.sign_now")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
