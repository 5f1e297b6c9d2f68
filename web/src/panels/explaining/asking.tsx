// Asking a pack: the picture as it is, the packs that read pictures, and how far the work is.
import { useState } from "preact/hooks";
import type { StudyDetail } from "../../api/types";
import { type Explainer, fitting } from "../../tools/explaining/state";
import { active, startJob } from "../../model/jobs";
import { lang } from "../../model/look";
import { attempt } from "../../model/toasts";
import { phrase, say, sayOr } from "../../model/words";
import { Progress } from "../bits";

/** Has the work begun; its end brings a new result, and the page shows it. */
export function ask(study: StudyDetail, pack: string, n: number, about: string | null): Promise<unknown> {
  const options = { pack, n, lang: lang.value, ...(about ? { about } : {}) };
  return attempt(() => startJob("explain", { study_id: study.id, options }));
}

/** The explanations of a study that are on their way. */
export function Working({ study }: { study: string }) {
  const running = active.value.filter((one) => one.kind === "explain" && one.study_id === study);
  if (!running.length) return null;
  return (
    <div class="ex-working">
      {running.map((one) => (
        <div key={one.id}>
          <Progress fraction={one.state === "queued" ? null : one.fraction} label={say("explain.working")} />
          <span class="ex-quiet">
            {one.state === "queued" ? say("explain.queued") : sayOr(`explain.step_${one.step}`, one.step) || say("explain.working")}
          </span>
        </div>
      ))}
    </div>
  );
}

export function pictureAddress(study: string, n: number, longest: number): string {
  return `/api/studies/${study}/picture.png?n=${n}&longest=${longest}`;
}

interface AskingProps {
  readonly study: StudyDetail;
  readonly packs: readonly Explainer[];
  readonly chosen: string | null;
  readonly n: number;
  readonly onChoose: (pack: string) => void;
  readonly onShown?: () => void;
}

/** The page before there is an explanation: the picture large, and who may be asked. */
export function Asking({ study, packs, chosen, n, onChoose, onShown }: AskingProps) {
  const [sent, setSent] = useState(false);
  const working = active.value.some((one) => one.kind === "explain" && one.study_id === study.id);
  const shown = fitting(packs, study);
  const go = () => {
    if (!chosen) return;
    setSent(true);
    void ask(study, chosen, n, null).then(() => setSent(false));
  };
  return (
    <div class="ex-asking">
      <img class="ex-large" src={pictureAddress(study.id, n, 1200)} alt={say("explain.picture")} onLoad={onShown} onError={onShown} />
      <form
        class="ex-ask"
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <h2>{say("explain.who")}</h2>
        <p class="ex-quiet">{say("explain.who_hint")}</p>
        <fieldset>
          <legend class="sr-only">{say("explain.pack")}</legend>
          {shown.map((one) => (
            <label key={one.name} class="ex-choice">
              <input type="radio" name="pack" value={one.name} checked={one.name === chosen} onChange={() => onChoose(one.name)} />
              <span>
                <b>{one.name}</b> <span class="ex-quiet">{one.modalities.join(", ")}</span>
                <br />
                {phrase(one.description)}
                {one.channel_names.length > 0 && <span class="ex-quiet"> {say("explain.channels", { names: one.channel_names.join(", ") })}</span>}
              </span>
            </label>
          ))}
        </fieldset>
        <button type="submit" class="primary" disabled={!chosen || sent || working}>
          {say("explain.ask")}
        </button>
        <Working study={study.id} />
      </form>
    </div>
  );
}
