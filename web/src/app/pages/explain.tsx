// Why a pack answers as it does: of a picture with Grad-CAM and LIME side by side, of a scan finding by finding.
import { useEffect, useState } from "preact/hooks";
import type { StudyDetail } from "../../api/types";
import { type Explainer, explainers, fitting, loadExplainers, newest, toggleHeat, view } from "../../tools/explaining/state";
import { STEP, WHOLE, zoomed } from "../../model/explaining/view";
import { active, startJob } from "../../model/jobs";
import { lang } from "../../model/look";
import { pageReady, query, queryNumber, queryText, setQuery } from "../../model/place";
import { enterStudy, openStudy, resultsOf } from "../../model/study";
import { attempt } from "../../model/toasts";
import { say } from "../../model/words";
import { Waiting } from "../../panels/bits";
import { ask, Asking, Working } from "../../panels/explaining/asking";
import { Case } from "../../panels/explaining/case";
import { ChoosePicture, MOST, Row } from "../../panels/explaining/compare";
import { Findings } from "../../panels/explaining/findings";
import { type Key, useKeys } from "../../tools/keys";
import type { PageProps } from "../router";
import "./explain.css";

export default function Explain({ params }: PageProps) {
  const id = params["study"] ?? "";
  useEffect(() => {
    view.value = WHOLE;
    void attempt(() => Promise.all([enterStudy(id), loadExplainers()])).then((found) => {
      if (!found) pageReady(); // the notice says what happened
    });
  }, [id]);
  const study = openStudy.value;
  if (!study || study.id !== id || !explainers.value) return <Waiting />;
  return (
    <>
      <h1 class="sr-only">{say("explain.title")}</h1>
      {study.kind === "picture" ? <Picture study={study} packs={explainers.value} /> : <Findings study={study} onShown={() => pageReady()} />}
    </>
  );
}

/** Keys that hold wherever the focus is; on a pane the arrows move, too. */
function lookKeys(): Key[] {
  const by = (factor: number) => () => (view.value = zoomed(view.value, factor, view.value));
  return [
    { key: "h", label: say("explain.key_heat"), run: () => toggleHeat() },
    { key: "+", label: say("explain.key_closer"), run: by(STEP) },
    { key: "-", label: say("explain.key_farther"), run: by(1 / STEP) },
    { key: "0", label: say("explain.whole"), run: () => (view.value = WHOLE) },
  ];
}

/** The pack in the address, else the one that was asked last, else the one that fits what the headers say. */
function chosenPack(study: StudyDetail, packs: readonly Explainer[]): Explainer | null {
  const named = (name: string | undefined) => packs.find((one) => one.name === name);
  const last = resultsOf(study, "explanation")[0]?.pack.split(" ")[0];
  const suggested = study.series[0]?.suggested_pack ?? undefined;
  const first = fitting(packs, study)[0];
  const fits = first?.modalities.some((one) => study.modalities.includes(one)) ? first : undefined;
  return named(queryText("pack")) ?? named(last) ?? named(suggested) ?? fits ?? null;
}

function Picture({ study, packs }: { study: StudyDetail; packs: readonly Explainer[] }) {
  const pack = chosenPack(study, packs);
  const n = queryNumber("n") ?? 0;
  const about = query.value.get("about");
  const others = (query.value.get("with") ?? "").split(",").filter(Boolean);
  const result = pack ? newest(study, pack.name, about, n) : null;
  const [choosing, setChoosing] = useState(false);
  useKeys(say("explain.title"), lookKeys());
  const compare = (ids: readonly string[]) => setQuery({ with: ids.join(",") });
  // while another question is on its way, the pack's own answer stands
  const shown = result ?? (pack && about !== null ? newest(study, pack.name, null, n) : null);
  const askAbout = (name: string | null) => {
    setQuery({ about: name });
    const there = pack && newest(study, pack.name, name, n);
    if (pack && there?.summary["lang"] !== lang.value) void ask(study, pack.name, n, name);
  };
  return (
    <div class="ex-page">
      <Tools study={study} packs={packs} pack={pack} n={n} about={about} onCompare={() => setChoosing(true)} full={others.length + 1 >= MOST} />
      {others.length > 0 && pack ? (
        <div class="ex-rows">
          <Row id={study.id} pack={pack} onShown={() => pageReady()} />
          {others.map((id) => (
            <Row key={id} id={id} pack={pack} onTakeOut={() => compare(others.filter((one) => one !== id))} />
          ))}
        </div>
      ) : shown && pack ? (
        <>
          <Working study={study.id} />
          <Case study={study} result={shown} pack={pack} onAsk={askAbout} onShown={() => pageReady()} />
        </>
      ) : (
        <Asking
          study={study}
          packs={packs}
          chosen={pack?.name ?? null}
          n={n}
          onChoose={(name) => setQuery({ pack: name, about: null })}
          onShown={() => pageReady()}
        />
      )}
      {choosing && (
        <ChoosePicture
          taken={[study.id, ...others]}
          onClose={() => setChoosing(false)}
          onChoose={(id) => {
            setChoosing(false);
            compare([...others, id]);
          }}
        />
      )}
    </div>
  );
}

interface ToolsProps {
  readonly study: StudyDetail;
  readonly packs: readonly Explainer[];
  readonly pack: Explainer | null;
  readonly n: number;
  readonly about: string | null;
  readonly full: boolean;
  readonly onCompare: () => void;
}

function Tools({ study, packs, pack, n, about, full, onCompare }: ToolsProps) {
  const report = resultsOf(study, "drawing").find((one) => one.pack.split(" ")[0] === pack?.name);
  const drawing = active.value.some((one) => one.kind === "draw" && one.study_id === study.id);
  const draw = () => void attempt(() => startJob("draw", { study_id: study.id, options: { pack: pack?.name, lang: lang.value } }));
  return (
    <div class="ex-bar-top" role="toolbar" aria-label={say("explain.title")}>
      <label>
        {say("explain.pack")}{" "}
        <select value={pack?.name ?? ""} onChange={(event) => setQuery({ pack: event.currentTarget.value, about: null })}>
          {!pack && <option value="">–</option>}
          {fitting(packs, study).map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
        </select>
      </label>
      {study.instances > 1 && (
        <label>
          {say("explain.which")}{" "}
          <select value={String(n)} onChange={(event) => setQuery({ n: event.currentTarget.value })}>
            {Array.from({ length: study.instances }, (_, k) => (
              <option key={k} value={String(k)}>
                {k + 1} / {study.instances}
              </option>
            ))}
          </select>
        </label>
      )}
      {about && (
        <button type="button" class="quiet" onClick={() => setQuery({ about: null })}>
          {say("explain.surest")}
        </button>
      )}
      <span class="ex-gap" />
      <button type="button" disabled={!pack || full} onClick={onCompare}>
        {say("explain.compare")}
      </button>
      {report ? (
        <a class="button" href={`/api/results/${report.id}/files/report.pdf`} target="_blank" rel="noreferrer">
          {say("explain.pdf")}
        </a>
      ) : (
        <button type="button" disabled={!pack || drawing} title={say("explain.draw_hint")} onClick={draw}>
          {drawing ? say("explain.drawing") : say("explain.draw")}
        </button>
      )}
    </div>
  );
}
