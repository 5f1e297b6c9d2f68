// What stands around every page: the bar above, the foot below, notices, and the page itself.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { effect } from "@preact/signals";
import { Keymap } from "../panels/keymap";
import { Toasts } from "../panels/toasts";
import { reading, toggleShade } from "../model/look";
import { navigate, path } from "../model/place";
import { leaving_s, loadSession, loginAddress, may, online, session, user } from "../model/session";
import { leaveStudy } from "../model/study";
import { say } from "../model/words";
import { useKeys } from "../tools/keys";
import { Bar } from "./bar";
import { Idle, Offline } from "./notices";
import { Outlet } from "./outlet";
import { match } from "./router";

export function Shell(): JSX.Element {
  const [keymap, setKeymap] = useState(false);
  useEffect(follow, []);
  useKeys(say("keys.everywhere"), [
    { key: "?", label: say("keys.this"), run: () => setKeymap(true) },
    { key: "/", label: say("keys.search"), run: focusSearch },
    { key: "Alt+s", label: say("keys.studies"), run: () => navigate("/studies") },
    { key: "Alt+j", label: say("keys.jobs"), run: () => navigate("/jobs") },
    { key: "Alt+t", label: say("keys.theme"), run: toggleShade },
  ]);
  const frame = match.value?.route.frame ?? "list";
  const signedIn = user.value !== null;
  return (
    <div class={`shell frame-${frame}`}>
      <a class="skip" href="#main" onClick={skip}>
        {say("shell.skip")}
      </a>
      {signedIn && frame !== "plain" && <Bar frame={frame} onKeymap={() => setKeymap(true)} />}
      {!online.value && <Offline />}
      {signedIn && leaving_s.value !== null && <Idle seconds={leaving_s.value} />}
      <main id="main" tabIndex={-1}>
        {session.value ? <Outlet /> : null}
      </main>
      <footer class="foot">
        <span>{say("shell.not_clinical")}</span>
        <span class="foot-version">Limner {session.value?.version ?? ""}</span>
      </footer>
      <Toasts />
      {keymap && <Keymap onClose={() => setKeymap(false)} />}
    </div>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>("#search");
  if (field) field.focus();
  else navigate("/studies");
}

/** What follows the address: who may be there, which theme it opens in, and which study stays open. */
function follow(): () => void {
  const stops = [
    effect(() => {
      if (!session.value) return;
      const { route } = match.value ?? {};
      if (path.value === "/") navigate(user.value ? "/studies" : "/login", true);
      else if (!user.value && route && route.role !== null) navigate(loginAddress(), true);
    }),
    effect(() => {
      reading.value = match.value?.route.frame === "study";
    }),
    effect(() => {
      if (match.value && match.value.route.frame !== "study") leaveStudy();
    }),
    effect(() => {
      // the title goes into the browser's history, so it names the page and never the patient
      const title = match.value ? say(match.value.route.title) : say("shell.nowhere");
      document.title = `${title} · Limner`;
    }),
    effect(() => {
      if (online.value && !session.value) void loadSession().catch(() => undefined);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

/** Whether the role of who is logged in opens a route. */
export function allowed(role: Parameters<typeof may>[0] | null): boolean {
  return role === null || may(role);
}
