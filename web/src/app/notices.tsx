// Two notices that concern the whole window: the session is about to end, and the server is away.
import type { JSX } from "preact";
import { clock } from "../model/format";
import { logOut, stay } from "../model/session";
import { fail } from "../model/toasts";
import { say } from "../model/words";
import { Icon } from "../panels/icon";

export function Idle({ seconds }: { seconds: number }): JSX.Element {
  return (
    <div class="notice notice-warn" role="alert">
      <Icon name="lock" />
      <span>{say("shell.leaving", { time: clock(seconds) })}</span>
      <button type="button" onClick={() => void stay().catch(fail)}>
        {say("shell.stay")}
      </button>
      <button type="button" class="quiet" onClick={() => void logOut().catch(fail)}>
        {say("shell.log_out")}
      </button>
    </div>
  );
}

export function Offline(): JSX.Element {
  return (
    <div class="notice notice-bad" role="alert">
      <Icon name="cloud" />
      <span>{say("shell.offline")}</span>
    </div>
  );
}
