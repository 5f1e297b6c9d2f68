// One's own name and password, and where one is logged in.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List } from "../../api/types";
import { ago } from "../../model/format";
import { loadSession, user } from "../../model/session";
import { attempt, notify } from "../../model/toasts";
import { say } from "../../model/words";
import { Icon } from "../../panels/icon";
import { PasswordField } from "../../panels/gate";

export function Name(): JSX.Element {
  const [display, setDisplay] = useState(user.value?.display ?? "");
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const done = await attempt(async () => {
      await api.patch("/api/session", { display: display.trim() });
      await loadSession();
      return true;
    });
    if (done) notify("good", say("account.saved"));
  };
  return (
    <form class="inline-form" onSubmit={(event) => void save(event)}>
      <label class="field grow">
        <span>{say("invite.display")}</span>
        <input required maxLength={160} autocomplete="name" value={display} onInput={(event) => setDisplay(event.currentTarget.value)} />
      </label>
      <button type="submit" disabled={display.trim() === user.value?.display}>
        {say("act.save")}
      </button>
    </form>
  );
}

export function Password(): JSX.Element {
  const [present, setPresent] = useState("");
  const [next, setNext] = useState("");
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const done = await attempt(async () => {
      await api.put("/api/session/password", { present, new: next });
      return true;
    });
    if (!done) return;
    setPresent("");
    setNext("");
    notify("good", say("account.password_changed"), say("account.password_changed_detail"));
  };
  return (
    <section class="stack">
      <h3>{say("account.password")}</h3>
      <form class="two" onSubmit={(event) => void save(event)}>
        <input type="text" hidden readOnly autocomplete="username" value={user.value?.name ?? ""} />
        <PasswordField label={say("account.present")} value={present} onValue={setPresent} autocomplete="current-password" />
        <PasswordField label={say("account.new")} value={next} onValue={setNext} autocomplete="new-password" />
        <button type="submit">{say("account.change_password")}</button>
      </form>
    </section>
  );
}

interface OwnSession {
  readonly id: string;
  readonly seen: string;
  readonly agent: string;
  readonly here: boolean;
}

export function Sessions(): JSX.Element {
  const [list, setList] = useState<readonly OwnSession[]>([]);
  const load = async (): Promise<void> => {
    const found = await attempt(() => api.get<List<OwnSession>>("/api/sessions"));
    if (found) setList(found.items);
  };
  useEffect(() => void load(), []);
  const end = async (id: string): Promise<void> => {
    await attempt(() => api.del(`/api/sessions/${id}`));
    await load();
  };
  return (
    <section class="stack">
      <h3>{say("account.sessions")}</h3>
      <ul class="rows">
        {list.map((one) => (
          <li key={one.id}>
            <strong>{browserName(one.agent)}</strong>
            <span class="muted">{one.here ? say("account.here") : ago(one.seen)}</span>
            {!one.here && (
              <button type="button" onClick={() => void end(one.id)}>
                <Icon name="leave" size={16} />
                <span>{say("account.end_session")}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a browser calls itself, shortened to what a person knows it by. */
function browserName(agent: string): string {
  const browser = /(Firefox|Edg|OPR|Chrome)\/(\d+)/.exec(agent) ?? /(Version)\/(\d+)/.exec(agent);
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent);
  const name = { Edg: "Edge", OPR: "Opera", Version: "Safari" }[browser?.[1] ?? ""] ?? browser?.[1];
  return [name && `${name} ${browser?.[2]}`, system?.[1]].filter(Boolean).join(", ") || agent.slice(0, 60) || "–";
}
