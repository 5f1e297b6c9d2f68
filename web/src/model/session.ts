// Who is logged in, for how long without a sign of life, and whether the server can be reached.
import { batch, computed, effect, signal } from "@preact/signals";
import { api, connection } from "../api/client";
import { events } from "../api/events";
import type { Role, SessionNow, User } from "../api/types";
import { lock, unlock } from "./drafts/vault";
import { chooseLang, langChosen, LANGS, lang } from "./look";
import { navigate } from "./place";

const ROLES: readonly Role[] = ["reader", "planner", "admin"];
const PING_EVERY_MS = 60_000;
const RETRY_MS = 3000;
/** A reader is warned this long before the session ends. */
export const WARN_S = 120;

export const session = signal<SessionNow | null>(null);
export const user = computed<User | null>(() => session.value?.user ?? null);
/** Whether the server answers; false while the network or the server is away. */
export const online = signal(true);
/** Seconds until the session ends for want of a sign of life; null while there is plenty of time. */
export const leaving_s = signal<number | null>(null);
/** Why the login page is shown: the session ended by itself. */
export const timedOut = signal(false);

/** Whether the role of who is logged in allows what `role` may do. */
export function may(role: Role): boolean {
  const mine = user.value?.role;
  return mine !== undefined && ROLES.indexOf(mine) >= ROLES.indexOf(role);
}

const otherTabs = new BroadcastChannel("limner.session");
let lastAnswer = performance.now();
let lastActive = performance.now();

/** Takes what the server says of the session (at the start, after a login or an accepted invitation). */
export function settle(now: SessionNow): void {
  const before = session.value;
  if (before && (before.user?.id !== now.user?.id || before.csrf !== now.csrf)) otherTabs.postMessage("changed");
  if (before?.user && now.user && before.user.id !== now.user.id) return changeOver();
  connection.csrf = now.csrf ?? null;
  if (now.user && now.drafts_key) unlock(now.user.id, now.drafts_key);
  else lock();
  session.value = now;
  lastAnswer = lastActive = performance.now();
  const theirs = LANGS.find((one) => one === now.user?.lang);
  // every account begins with "en", so that alone is no choice against the browser's language
  if (theirs && theirs !== "en" && !langChosen.value) lang.value = theirs;
  if (now.user) timedOut.value = false;
}

export async function loadSession(): Promise<void> {
  settle(await api.get<SessionNow>("/api/session"));
}

export async function logIn(name: string, password: string): Promise<void> {
  settle(await api.post<SessionNow>("/api/session", { name, password }));
}

export async function logOut(): Promise<void> {
  await api.del("/api/session");
  forgetTab();
  await loadSession();
  navigate("/login");
}

/** Says on the server's side that the reader is still here. */
export async function stay(): Promise<void> {
  await loadSession();
  leaving_s.value = null;
}

/** The login's address, with the way back. */
export function loginAddress(): string {
  const here = location.pathname + location.search;
  return here === "/" || here.startsWith("/login") || here.startsWith("/invite") ? "/login" : `/login?back=${encodeURIComponent(here)}`;
}

/** The way back after a login: an address of ours, never another site's. */
export function wayBack(asked: string | null): string {
  if (!asked || !URL.canParse(asked, location.origin)) return "/studies";
  const to = new URL(asked, location.origin);
  const inside = !to.pathname.startsWith("//") && !to.pathname.startsWith("/login");
  const ours = to.origin === location.origin && inside;
  return ours ? to.pathname + to.search : "/studies";
}

function forgetTab(): void {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith("limner.")) sessionStorage.removeItem(name);
}

function signedOut(): void {
  const now = session.value;
  if (!now?.user) return;
  const to = loginAddress(); // before the shell leaves this address
  forgetTab();
  lock();
  connection.csrf = null;
  batch(() => {
    timedOut.value = true;
    session.value = { ...now, user: null, csrf: null };
  });
  navigate(to, true);
}

/** Somebody else logged in, in another tab of this browser: nothing of the one before stays on the screen. */
function changeOver(): void {
  forgetTab();
  location.replace("/studies");
}

/** Looks who is logged in now: another tab, or the server, said that it may have changed. */
async function lookAgain(): Promise<void> {
  const now = await api.get<SessionNow>("/api/session");
  if (user.value && !now.user) signedOut();
  else settle(now);
}

// Tabs of one browser share the cookie, so a login in one of them is a login in all.
otherTabs.onmessage = () => void lookAgain().catch(() => undefined);
connection.onRefused = () => void lookAgain().catch(() => undefined);
connection.onSignedOut = signedOut;
connection.onAnswer = () => {
  lastAnswer = performance.now();
  online.value = true;
};
connection.onSilence = () => {
  online.value = false;
};

// A reader who scrolls through slices that are already here sends nothing: signs of life are passed on once a minute.
for (const name of ["pointerdown", "keydown", "wheel", "touchstart"]) {
  window.addEventListener(name, () => (lastActive = performance.now()), { passive: true, capture: true });
}
window.addEventListener("offline", () => (online.value = false));
window.addEventListener("online", () => void loadSession().catch(() => undefined));

function tick(): void {
  const idle_s = session.value?.idle_seconds ?? 0;
  if (!session.value?.user || idle_s <= 0) return;
  const now = performance.now();
  if (lastActive > lastAnswer && now - lastAnswer > PING_EVERY_MS && leaving_s.value === null) {
    void loadSession().catch(() => undefined);
    return;
  }
  const left = idle_s - (now - lastAnswer) / 1000;
  leaving_s.value = left < Math.min(WARN_S, idle_s / 2) ? Math.max(0, Math.ceil(left)) : null;
  if (left <= -1) {
    leaving_s.value = null;
    signedOut();
  }
}
window.setInterval(tick, 1000);

// While the server is away, it is asked whether it is back.
let retry = 0;
effect(() => {
  window.clearInterval(retry);
  if (!online.value) retry = window.setInterval(() => void api.get("/api/health").catch(() => undefined), RETRY_MS);
});

// Events flow while somebody is logged in.
effect(() => {
  if (user.value) events.open();
  else events.close();
});

// Drafts that can no longer become anything are taken away, once after each login.
let swept = "";
effect(() => {
  const id = user.value?.id ?? "";
  if (id && id !== swept) void import("./drafts/sweep").then(({ sweep }) => sweep()).catch(() => undefined);
  swept = id;
});

/** The other language, here and for the account, so that another machine speaks it, too. */
export function switchLang(): void {
  chooseLang(lang.value === "en" ? "zh" : "en");
  if (user.value) void api.patch("/api/session", { lang: lang.value }).catch(() => undefined);
}
