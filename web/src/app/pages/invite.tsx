// A one-time link: the first administrator, a new user, or a password that was forgotten.
import "../styles/gate.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { Role, SessionNow } from "../../api/types";
import { navigate, pageReady } from "../../model/place";
import { settle } from "../../model/session";
import { told } from "../../model/toasts";
import { say } from "../../model/words";
import { Empty, Note, Waiting } from "../../panels/bits";
import { Gate, PasswordField } from "../../panels/gate";

interface Invite {
  readonly kind: "first-admin" | "new" | "reset";
  readonly role: Role;
  readonly name: string | null;
  readonly display: string | null;
  readonly password_length: number;
}

export default function InvitePage(): JSX.Element {
  // the token stands behind "#", which no server and no log ever sees
  const [token] = useState(location.hash.slice(1));
  const [invite, setInvite] = useState<Invite | null>(null);
  const [refusal, setRefusal] = useState("");
  useEffect(() => {
    api
      .get<Invite>(`/api/invites/${encodeURIComponent(token)}`)
      .then(setInvite, (error: unknown) => setRefusal(told(error).detail))
      .finally(() => pageReady());
  }, [token]);
  if (refusal || !token) {
    return (
      <Gate title={say("invite.title")}>
        <Empty icon="lock" title={say("invite.gone")}>
          <p>{refusal || say("invite.gone_detail")}</p>
          <a class="button" href="/login">
            {say("login.title")}
          </a>
        </Empty>
      </Gate>
    );
  }
  if (!invite) {
    return (
      <Gate title={say("invite.title")}>
        <Waiting />
      </Gate>
    );
  }
  return <Accept invite={invite} token={token} />;
}

function Accept({ invite, token }: { invite: Invite; token: string }): JSX.Element {
  const first = invite.kind === "first-admin";
  const [name, setName] = useState(invite.name ?? "");
  const [display, setDisplay] = useState(invite.display ?? "");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<unknown>(null);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setRefusal(null);
    try {
      const now = await api.post<SessionNow>(`/api/invites/${encodeURIComponent(token)}`, { name: name.trim(), display: display.trim(), password });
      settle(now);
      navigate("/studies", true);
    } catch (error) {
      setRefusal(error);
      setBusy(false);
    }
  };
  return (
    <Gate title={first ? say("invite.first") : invite.kind === "reset" ? say("invite.reset") : say("invite.welcome")}>
      <p class="muted">{first ? say("invite.first_detail") : say("invite.text", { role: say(`role.${invite.role}`) })}</p>
      <form class="gate-form" onSubmit={(event) => void send(event)}>
        {refusal !== null && (
          <Note kind="bad">
            <strong>{told(refusal).title}</strong>
            <p>{told(refusal).detail}</p>
          </Note>
        )}
        <label class="field">
          <span>{say("login.name")}</span>
          <input
            required
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            maxLength={80}
            readOnly={invite.name !== null}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{say("invite.display")}</span>
          <input required autocomplete="name" maxLength={160} value={display} onInput={(event) => setDisplay(event.currentTarget.value)} />
        </label>
        <PasswordField
          label={say("login.password")}
          value={password}
          onValue={setPassword}
          autocomplete="new-password"
          minLength={invite.password_length}
          hint={say("invite.rule", { n: invite.password_length })}
        />
        <button type="submit" class="primary tall" disabled={busy}>
          {say("invite.accept")}
        </button>
      </form>
    </Gate>
  );
}
