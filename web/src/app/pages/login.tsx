// Logging in: by name and password, or by the hospital's own login where the server has one.
import "../styles/gate.css";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { navigate, pageReady, query } from "../../model/place";
import { logIn, session, timedOut, user, wayBack } from "../../model/session";
import { told } from "../../model/toasts";
import { say } from "../../model/words";
import { Note } from "../../panels/bits";
import { Gate, PasswordField } from "../../panels/gate";

type Refusal = "refused" | "expired" | "unknown" | "unavailable";
/** Why the hospital's own login sent the person back here. */
const refusals: ReadonlySet<string> = new Set(["refused", "expired", "unknown", "unavailable"]);

export default function Login(): JSX.Element {
  const back = wayBack(query.value.get("back"));
  const refused = query.value.get("oidc") ?? "";
  const now = session.value;
  useEffect(() => pageReady(), []);
  useEffect(() => {
    if (user.value) navigate(back, true);
  }, [user.value]);
  return (
    <Gate title={say("login.title")}>
      {timedOut.value && <Note>{say("login.timed_out")}</Note>}
      {now?.first_start && (
        <Note kind="warn">
          <strong>{say("login.first")}</strong>
          <p>{say("login.first_detail")}</p>
        </Note>
      )}
      {refusals.has(refused) && (
        <Note kind="warn">
          <p>{say(`login.oidc_${refused as Refusal}`)}</p>
        </Note>
      )}
      <LoginForm />
      {now?.oidc && (
        <>
          <div class="or" role="separator">
            <span>{say("login.or")}</span>
          </div>
          <a class="button tall" href={`/api/session/oidc?back=${encodeURIComponent(back)}`}>
            {now.oidc}
          </a>
        </>
      )}
      <p class="muted small-text">{say("login.help")}</p>
    </Gate>
  );
}

function LoginForm(): JSX.Element {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<{ title: string; detail: string } | null>(null);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setRefusal(null);
    try {
      await logIn(name.trim(), password);
    } catch (error) {
      const wrong = error instanceof ApiError && error.status === 401;
      setRefusal(wrong ? { title: say("login.wrong"), detail: say("login.wrong_detail") } : told(error));
      setPassword("");
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="gate-form" onSubmit={(event) => void send(event)}>
      {refusal && (
        <Note kind="bad">
          <strong>{refusal.title}</strong>
          <p>{refusal.detail}</p>
        </Note>
      )}
      <label class="field">
        <span>{say("login.name")}</span>
        <input
          ref={first}
          required
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <PasswordField label={say("login.password")} value={password} onValue={setPassword} autocomplete="current-password" />
      <button type="submit" class="primary tall" disabled={busy}>
        {busy ? say("login.busy") : say("login.title")}
      </button>
    </form>
  );
}
