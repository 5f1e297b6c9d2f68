// How far an upload is, file by file, and what was not taken and why.
import type { JSX } from "preact";
import { bytes, number } from "../../model/format";
import { told } from "../../model/toasts";
import { count, phrase, say } from "../../model/words";
import { cutOff, endCutOff, giveUp, goOn, upload } from "../../tools/upload";
import type { Progress as State, Sending } from "../../tools/upload/send";
import { Note, Progress } from "../bits";
import { Icon } from "../icon";

const MOST_SHOWN = 400;

export function UploadPanel(): JSX.Element | null {
  const now = upload.value?.progress.value;
  if (!now) return null;
  const over = now.phase === "done" || now.phase === "failed";
  return (
    <section class={`upload card upload-${now.phase}`} aria-label={say("upload.title")}>
      <div class="upload-head">
        <strong role="status">{headline(now)}</strong>
        <span class="muted">{now.phase === "sending" || now.phase === "paused" ? `${bytes(now.sent)} / ${bytes(now.bytes)}` : ""}</span>
        <span class="grow" />
        {now.phase === "sending" && (
          <button type="button" class="quiet" onClick={() => upload.value?.pause()}>
            {say("upload.pause")}
          </button>
        )}
        {(now.phase === "paused" || now.phase === "failed") && (
          <button type="button" class="primary" onClick={() => void goOn()}>
            {say("upload.go_on")}
          </button>
        )}
        {now.phase === "done" ? (
          <button type="button" class="quiet square" aria-label={say("act.close")} onClick={() => (upload.value = null)}>
            <Icon name="close" />
          </button>
        ) : (
          now.phase !== "reading" && (
            <button type="button" class="quiet" onClick={() => void giveUp()}>
              {say("upload.give_up")}
            </button>
          )
        )}
      </div>
      {!over && <Progress fraction={now.phase === "reading" ? null : now.sent / Math.max(1, now.bytes)} label={say("upload.title")} />}
      {now.error !== null && (
        <Note kind="bad">
          <strong>{told(now.error).title}</strong>
          <p>{told(now.error).detail}</p>
        </Note>
      )}
      {now.refused.length > 0 && <RefusedList now={now} />}
      {!over && <FileList files={now.files} />}
    </section>
  );
}

function headline(now: State): string {
  const n = now.files.length;
  switch (now.phase) {
    case "sending":
      return say("upload.sending", { n: number(now.arrived), of: number(n) });
    case "paused":
      return say("upload.paused", { n: number(now.arrived), of: number(n) });
    case "reading":
      return say("upload.reading");
    case "failed":
      return say("upload.failed");
    case "done":
      return now.studies.length > 0 ? count("upload.done", now.studies.length) : say("upload.nothing");
  }
}

function RefusedList({ now }: { now: State }): JSX.Element {
  return (
    <details class="refused" open={now.refused.length <= 8}>
      <summary>{count("upload.refused", now.refused.length)}</summary>
      <ul>
        {now.refused.slice(0, MOST_SHOWN).map((one, n) => (
          <li key={`${one.file}${n}`}>
            <code>{one.file}</code>
            <span class="muted">{phrase(one.reason)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function FileList({ files }: { files: readonly Sending[] }): JSX.Element {
  const first = files.filter((one) => one.state === "sending");
  const rest = files.filter((one) => one.state === "waiting");
  const shown = [...first, ...rest].slice(0, MOST_SHOWN);
  return (
    <details class="files">
      <summary>{say("upload.files")}</summary>
      <ul>
        {shown.map((one) => (
          <li key={one.name}>
            <code>{one.name}</code>
            <span class="muted number">{bytes(one.bytes)}</span>
            <Progress fraction={one.sent / Math.max(1, one.bytes)} label={one.name} />
          </li>
        ))}
      </ul>
    </details>
  );
}

/** An upload of before a reload: its files are still on the server. */
export function CutOffNote(): JSX.Element | null {
  const kept = cutOff.value;
  if (!kept) return null;
  return (
    <Note kind="warn">
      <strong>{say("upload.cut_off", { n: number(kept.arrived), of: number(kept.files) })}</strong>
      <p>{say("upload.cut_off_detail")}</p>
      <div class="note-deeds">
        <button type="button" onClick={() => void endCutOff(true)} disabled={kept.arrived === 0}>
          {say("upload.take_arrived")}
        </button>
        <button type="button" class="quiet" onClick={() => void endCutOff(false)}>
          {say("upload.give_up")}
        </button>
      </div>
    </Note>
  );
}
