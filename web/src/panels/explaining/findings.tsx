// Why a pack drew what it drew in a scan: the evidence that each finding has, and how to ask for more.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { Result, StudyDetail } from "../../api/types";
import type { Evidence, Explanation, Finding } from "../../model/explaining/answer";
import { fileAddress } from "../../tools/explaining/state";
import { percent } from "../../model/format";
import { startJob } from "../../model/jobs";
import { lang } from "../../model/look";
import { attempt } from "../../model/toasts";
import { resultsOf } from "../../model/study";
import { say, sayOr } from "../../model/words";
import { Empty, Note } from "../bits";
import { Working } from "./asking";
import { Verdict } from "./verdict";

interface DrawingResult extends Result {
  readonly drawing: { readonly findings: readonly Finding[]; readonly pack: { readonly name: string } };
}

interface Structures {
  readonly structures: readonly { readonly id: string; readonly title: string }[];
}

const METHODS = ["lime", "grad-cam", "all"] as const;

function Proof({ result, one }: { result: Result; one: Evidence }) {
  const failed = one.failed ?? [];
  return (
    <figure class="ex-proof">
      <figcaption>
        <b>{sayOr(`explain.method_${one.kind}`, one.kind)}</b>
      </figcaption>
      {one.file && (
        <a href={fileAddress(result, one.file)} target="_blank" rel="noreferrer">
          <img src={fileAddress(result, one.file)} alt={one.sentence ?? one.kind} loading="lazy" />
        </a>
      )}
      {failed.length > 0 && (
        <p class="ex-verdict ex-bad" role="note">
          <b>{say("explain.dont_rely", { name: sayOr(`explain.method_${one.kind}`, one.kind) })}</b>{" "}
          {failed.map((name) => sayOr(`explain.check_${name}`, name)).join(", ")}
        </p>
      )}
      {one.warnings?.map((text) => (
        <p key={text} class="ex-quiet">
          {text}
        </p>
      ))}
    </figure>
  );
}

/** An explanation that was asked for later. */
function Later({ result }: { result: Result }) {
  const [found, setFound] = useState<Explanation | null>(null);
  useEffect(() => {
    void attempt(async () => JSON.parse(await api.text(fileAddress(result, "explanation.json"))) as Explanation).then(setFound);
  }, [result.id]);
  if (!found) return null;
  return (
    <div class="ex-later" data-result={result.id}>
      <p class="ex-sentence" lang={found.lang === "zh" ? "zh-Hans" : "en"}>
        {found.sentence}
      </p>
      <div class="ex-proofs">
        {found.maps.map((one) => (
          <figure key={one.kind} class="ex-proof">
            <figcaption>
              <b>{sayOr(`explain.method_${one.kind}`, one.kind)}</b>
            </figcaption>
            <img src={fileAddress(result, found.files[one.kind] ?? `${one.kind}.png`)} alt={found.sentence} loading="lazy" />
            <Verdict name={sayOr(`explain.method_${one.kind}`, one.kind)} checks={one.checks} warnings={one.warnings} />
          </figure>
        ))}
      </div>
    </div>
  );
}

interface OneProps {
  readonly study: StudyDetail;
  readonly drawing: DrawingResult;
  readonly finding: Finding;
  readonly title: string;
}

function One({ study, drawing, finding, title }: OneProps) {
  const evidence = finding.evidence ?? [];
  const later = study.results.filter(
    (one) => one.kind === "explanation" && one.parent_id === drawing.id && one.summary["finding"] === finding.id,
  );
  const start = (method: string) => {
    const options = { drawing_id: drawing.id, about: finding.id, method, lang: lang.value };
    void attempt(() => startJob("explain", { study_id: study.id, options }));
  };
  return (
    <section class="ex-finding" aria-label={finding.id}>
      <header>
        <h2>
          {title} <span class="ex-quiet">{finding.id}</span>
        </h2>
        {finding.probability !== null && <span class="ex-number">{percent(finding.probability)}</span>}
        {finding.abstained && <span class="tag">{say("explain.not_sure")}</span>}
        <a href={`/read/${study.id}?finding=${encodeURIComponent(finding.id)}`}>{say("explain.in_scan")}</a>
      </header>
      {evidence[0]?.sentence && <p class="ex-sentence">{evidence[0].sentence}</p>}
      <div class="ex-reasons">
        {evidence.map((one) => (
          <Proof key={one.kind} result={drawing} one={one} />
        ))}
        {later.map((one) => (
          <Later key={one.id} result={one} />
        ))}
      </div>
      {!evidence.length && !later.length && <p class="ex-quiet">{say("explain.no_evidence")}</p>}
      <div class="ex-more">
        <span>{say("explain.more")}</span>
        {METHODS.map((method) => (
          <button key={method} type="button" class="small" onClick={() => start(method)}>
            {sayOr(`explain.method_${method}`, method)}
          </button>
        ))}
        <span class="ex-quiet">{say("explain.minutes")}</span>
      </div>
    </section>
  );
}

/** What the findings are called in the reader's language. */
function useTitles(drawing: Result | null): Readonly<Record<string, string>> {
  const [titles, setTitles] = useState<Readonly<Record<string, string>>>({});
  const spoken = lang.value;
  useEffect(() => {
    if (!drawing) return;
    void attempt(() => api.get<Structures>(`/api/results/${drawing.id}/structures?lang=${spoken}`)).then((found) => {
      if (found) setTitles(Object.fromEntries(found.structures.map((one) => [one.id, one.title])));
    });
  }, [drawing?.id, spoken]);
  return titles;
}

/** All findings of the newest drawing of a scan. */
export function Findings({ study, onShown }: { study: StudyDetail; onShown: () => void }) {
  const newest = resultsOf(study, "drawing")[0] ?? null;
  const [drawing, setDrawing] = useState<DrawingResult | null>(null);
  const [read, setRead] = useState(false);
  const titles = useTitles(newest);
  useEffect(() => {
    if (!newest) return;
    void attempt(() => api.get<DrawingResult>(`/api/results/${newest.id}`)).then((found) => {
      setDrawing(found);
      setRead(true);
    });
  }, [newest?.id]);
  useEffect(() => {
    if (read || !newest) onShown();
  }, [read, newest?.id]);
  if (!newest) {
    return (
      <Empty icon="explain" title={say("explain.no_drawing")}>
        <p>{say("explain.no_drawing_hint")}</p>
        <a class="button" href={`/read/${study.id}`}>
          {say("read.title")}
        </a>
      </Empty>
    );
  }
  const { first, rest } = inOrder(study, drawing);
  const show = (one: Finding) => drawing && <One key={one.id} study={study} drawing={drawing} finding={one} title={titles[one.id] ?? one.name} />;
  return (
    <div class="ex-scan">
      <Note kind="note">{say("explain.scan_hint")}</Note>
      <Working study={study.id} />
      {first.map(show)}
      {drawing && !first.length && <p>{say("explain.nothing_found")}</p>}
      {rest.length > 0 && (
        <details class="ex-rest">
          <summary>{say("explain.structures", { names: rest.map((one) => titles[one.id] ?? one.name).join(", ") })}</summary>
          {rest.map(show)}
        </details>
      )}
    </div>
  );
}

/** Lesions and whatever has reasons, then the structures that nobody asked about. */
function inOrder(study: StudyDetail, drawing: DrawingResult | null): { first: readonly Finding[]; rest: readonly Finding[] } {
  const all = drawing?.drawing.findings.filter((one) => one.kind !== "organ" || (one.evidence?.length ?? 0) > 0) ?? [];
  const asked = new Set(study.results.filter((one) => one.parent_id === drawing?.id).map((one) => one.summary["finding"]));
  const matters = (one: Finding): boolean => one.kind === "lesion" || (one.evidence?.length ?? 0) > 0 || asked.has(one.id);
  return { first: all.filter(matters), rest: all.filter((one) => !matters(one)) };
}
