// What was changed, where it is kept, and how it becomes a version under the person's name.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { user } from "../../model/session";
import { phrase, say, sayOr } from "../../model/words";
import type { CorrectDesk } from "../../tools/correcting/desk";
import { Note, Progress } from "../bits";
import { Confirm } from "../dialog";

export function Compare({ desk }: { desk: CorrectDesk }): JSX.Element {
  const { state } = desk;
  const version = desk.result.value?.version ?? 1;
  return (
    <section class="rd-section" aria-labelledby="co-compare">
      <h2 id="co-compare">{say("correct.compare")}</h2>
      <label class="check">
        <input type="checkbox" checked={state.difference.value} onChange={(event) => (state.difference.value = event.currentTarget.checked)} />
        {say("correct.difference")}
      </label>
      {state.difference.value && (
        <p class="co-legend">
          <span class="co-added">{say("correct.added")}</span> <span class="co-taken">{say("correct.taken")}</span>{" "}
          <span class="co-other">{say("correct.other")}</span>
        </p>
      )}
      <label class="rd-slider">
        {say("correct.outline", { version })}
        <input type="range" min={0} max={100} step={5} value={Math.round(100 * state.compare.value)} onInput={(event) => (state.compare.value = Number(event.currentTarget.value) / 100)} />
      </label>
    </section>
  );
}

export function SaveBox({ desk }: { desk: CorrectDesk }): JSX.Element {
  const { state } = desk;
  const [asking, setAsking] = useState(false);
  const edits = state.edits.value;
  const kept = state.kept.value;
  const job = desk.job.value;
  const result = desk.result.value;
  const works = job && (job.state === "queued" || job.state === "running");
  const version = result?.version ?? 1;
  return (
    <section class="rd-section co-save" aria-labelledby="co-save">
      <h2 id="co-save">{result ? say("correct.version", { version, author: result.author }) : ""}</h2>
      <p class="co-kept" data-kept={state.kept.value} role="status">
        {edits ? say(edits === 1 ? "correct.edits_one" : "correct.edits", { n: edits }) : say("correct.no_edits")}{" "}
        {kept !== "none" && kept !== "failed" && say(`correct.kept_${kept}`)}
      </p>
      {kept === "failed" && (
        <Note kind="bad">
          <p>{state.unkept.value ? say("correct.unkept", { n: state.unkept.value }) : say("correct.kept_failed")}</p>
          <button type="button" disabled={!edits || !desk.free} onClick={() => void desk.save()} data-act="save-now">
            {say("correct.save_now")}
          </button>
        </Note>
      )}
      <input
        type="text"
        maxLength={2000}
        value={state.comment.value}
        disabled={!desk.free || !desk.editor.value}
        aria-label={say("correct.comment")}
        placeholder={say("correct.comment")}
        onInput={(event) => desk.editor.peek()?.noted(event.currentTarget.value)}
      />
      <div class="co-acts">
        <button type="button" class="primary" disabled={!edits || !desk.free} onClick={() => void desk.save()} data-act="save">
          {say("correct.save", { version: version + 1, author: user.value?.display ?? "" })}
        </button>
        <button type="button" disabled={!edits || !desk.free} onClick={() => setAsking(true)}>
          {say("correct.discard")}
        </button>
      </div>
      {desk.sending.value && <p class="rd-quiet" role="status">{say("correct.sending")}</p>}
      {works && (
        <div class="co-job">
          <p role="status">{job.state === "queued" ? say("correct.queued") : `${say("correct.measuring")} ${sayOr(`step.${job.step}`, job.step)}`}</p>
          <Progress fraction={job.state === "queued" ? null : job.fraction} label={say("correct.measuring")} />
        </div>
      )}
      {job?.state === "failed" && <Note kind="bad">{phrase(job.message)}</Note>}
      {asking && (
        <Confirm
          title={say("correct.discard_title")}
          text={say("correct.discard_text", { n: edits })}
          act={say("correct.discard")}
          onAct={() => void desk.editor.peek()?.discard()}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}
