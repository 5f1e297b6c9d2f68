// The bar: on lists the pages and the search, on a study whose it is and the ways to look at it.
import type { JSX } from "preact";
import { count, say } from "../model/words";
import { active } from "../model/jobs";
import { lang, shade, toggleShade } from "../model/look";
import { path } from "../model/place";
import { logOut, may, switchLang, user } from "../model/session";
import { fail } from "../model/toasts";
import { Icon, Mark, type IconName } from "../panels/icon";
import { type Item, Menu } from "../panels/menu";
import { Account, openAccount } from "./account";
import { Search } from "./search";
import { StudyBar } from "./study_bar";

interface BarProps {
  readonly frame: "list" | "study" | "plain";
  readonly onKeymap: () => void;
}

export function Bar({ frame, onKeymap }: BarProps): JSX.Element {
  return (
    <header class="bar">
      <a class="brand" href="/studies" aria-label={say("shell.home")}>
        <Mark />
        {frame === "list" && <span class="wordmark">Limner</span>}
      </a>
      {frame === "study" ? <StudyBar /> : <Pages />}
      <div class="bar-end">
        {frame === "list" && <Search />}
        <JobsButton />
        <button type="button" class="quiet square keys-button" title={say("keys.title")} aria-label={say("keys.title")} onClick={onKeymap}>
          <Icon name="keyboard" />
        </button>
        <button
          type="button"
          class="quiet square shade-button"
          title={say(shade.value === "dark" ? "shell.light" : "shell.dark")}
          aria-label={say(shade.value === "dark" ? "shell.light" : "shell.dark")}
          onClick={toggleShade}
        >
          <Icon name={shade.value === "dark" ? "sun" : "moon"} />
        </button>
        <LangButton />
        <UserMenu />
      </div>
      <Account />
    </header>
  );
}

export function LangButton(): JSX.Element {
  const other = lang.value === "en" ? "中文" : "English";
  return (
    <button type="button" class="quiet lang" lang={lang.value === "en" ? "zh-Hans" : "en"} title={other} onClick={switchLang}>
      {lang.value === "en" ? "中" : "EN"}
      <span class="sr-only"> {other}</span>
    </button>
  );
}

const PAGES = [
  { href: "/studies", key: "studies.title", icon: "studies", role: "reader" },
  { href: "/generate", key: "generate.title", icon: "generate", role: "planner" },
  { href: "/packs", key: "packs.title", icon: "packs", role: "reader" },
  { href: "/jobs", key: "jobs.title", icon: "jobs", role: "reader" },
  { href: "/admin", key: "admin.title", icon: "shield", role: "admin" },
] as const;

function Pages(): JSX.Element {
  return (
    <nav class="pages" aria-label={say("shell.pages")}>
      {PAGES.filter((one) => may(one.role)).map((one) => (
        <a key={one.href} href={one.href} aria-current={path.value.startsWith(one.href) ? "page" : undefined}>
          <Icon name={one.icon satisfies IconName} size={17} />
          <span>{say(one.key)}</span>
        </a>
      ))}
    </nav>
  );
}

/** How much is being worked on; a ring turns while something runs. */
function JobsButton(): JSX.Element {
  const n = active.value.length;
  const running = active.value.find((one) => one.state === "running");
  const label = n === 0 ? say("jobs.none_active") : count("jobs.active", n);
  return (
    <a class={n > 0 ? "jobs-button busy" : "jobs-button"} href="/jobs" title={label} aria-label={label}>
      <svg viewBox="0 0 36 36" class="ring" aria-hidden="true">
        <circle cx="18" cy="18" r="14" class="ring-track" />
        {running && <circle cx="18" cy="18" r="14" class="ring-fill" pathLength={100} stroke-dasharray={`${Math.max(4, 100 * running.fraction)} 100`} />}
      </svg>
      <span class="jobs-count">{n > 0 ? n : <Icon name="jobs" size={17} />}</span>
    </a>
  );
}

function UserMenu(): JSX.Element {
  const me = user.value;
  if (!me) return <span />;
  const head = (
    <div class="menu-head">
      <strong>{me.display || me.name}</strong>
      <span>
        {me.name} · {say(`role.${me.role}`)}
      </span>
    </div>
  );
  return (
    <Menu
      label={say("shell.account", { name: me.display || me.name })}
      head={head}
      items={[
        { label: say("account.title"), icon: <Icon name="user" />, run: openAccount },
        ...(narrow.matches ? looks() : []),
        { label: say("shell.log_out"), icon: <Icon name="leave" />, run: () => void logOut().catch(fail) },
      ]}
    >
      <span class="avatar" aria-hidden="true">
        {initials(me.display || me.name)}
      </span>
    </Menu>
  );
}

const narrow = window.matchMedia("(max-width: 46rem)");

/** On a phone the bar has no room for these on a study. */
function looks(): readonly Item[] {
  const dark = shade.value === "dark";
  return [
    { label: say(dark ? "shell.light" : "shell.dark"), icon: <Icon name={dark ? "sun" : "moon"} />, run: toggleShade },
    { label: lang.value === "en" ? "中文" : "English", icon: <Icon name="language" />, run: switchLang },
  ];
}

function initials(name: string): string {
  if (/[\u3400-\u9fff]/.test(name)) return name.slice(-2);
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "")).toUpperCase();
}
