// Which address shows which page.
//
// To add a page: write `pages/NAME.tsx` with a default-exported component that takes `PageProps`, and one row below.
// The page is a chunk of its own, loaded when it is first shown. A page
//   - reads its ids from `params` and the rest of its state from `model/place` (`queryNumber`, `setQuery`), so that a
//     reload loses nothing;
//   - calls `pageReady()` of `model/place` when its first meaningful picture stands (tests wait for it);
//   - registers its keys with `useKeys` of `tools/keys` (the `?` overlay lists them);
//   - opens its study by `enterStudy` or `enterResult` of `model/study`: the bar then shows whose it is.
import type { ComponentType } from "preact";
import { computed, signal } from "@preact/signals";
import type { Role } from "../api/types";
import { path } from "../model/place";
import type { WordKey } from "../model/words";

export interface PageProps {
  readonly params: Readonly<Record<string, string>>;
}
type PageModule = { default: ComponentType<PageProps> };

export interface Route {
  /** `/read/:study`; a part with a colon is a parameter. */
  readonly path: string;
  readonly title: WordKey;
  readonly load: () => Promise<PageModule>;
  /** The lowest role that may see it; null where nobody need be logged in. */
  readonly role: Role | null;
  /** `list`: pages that scroll. `study`: the whole window belongs to the page, dark by default. `plain`: no bar. */
  readonly frame: "list" | "study" | "plain";
}

export const ROUTES: readonly Route[] = [
  { path: "/login", title: "login.title", load: () => import("./pages/login"), role: null, frame: "plain" },
  { path: "/invite", title: "invite.title", load: () => import("./pages/invite"), role: null, frame: "plain" },
  { path: "/studies", title: "studies.title", load: () => import("./pages/studies"), role: "reader", frame: "list" },
  { path: "/read/:study", title: "read.title", load: () => import("./pages/read"), role: "reader", frame: "study" },
  { path: "/correct/:result", title: "correct.title", load: () => import("./pages/correct"), role: "planner", frame: "study" },
  { path: "/plan/:result", title: "plan.title", load: () => import("./pages/plan"), role: "planner", frame: "study" },
  { path: "/forecast/:result", title: "forecast.title", load: () => import("./pages/forecast"), role: "planner", frame: "study" },
  { path: "/explain/:study", title: "explain.title", load: () => import("./pages/explain"), role: "reader", frame: "study" },
  { path: "/generate", title: "generate.title", load: () => import("./pages/generate"), role: "planner", frame: "list" },
  { path: "/packs", title: "packs.title", load: () => import("./pages/packs"), role: "reader", frame: "list" },
  { path: "/packs/:pack", title: "packs.title", load: () => import("./pages/packs"), role: "reader", frame: "list" },
  { path: "/jobs", title: "jobs.title", load: () => import("./pages/jobs"), role: "reader", frame: "list" },
  { path: "/admin", title: "admin.title", load: () => import("./pages/admin"), role: "admin", frame: "list" },
  { path: "/admin/:part", title: "admin.title", load: () => import("./pages/admin"), role: "admin", frame: "list" },
];

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export function matchPath(address: string): Match | null {
  const parts = address.split("/").filter(Boolean);
  for (const route of ROUTES) {
    const wanted = route.path.split("/").filter(Boolean);
    if (wanted.length !== parts.length) continue;
    const params: Record<string, string> = {};
    const fits = wanted.every((part, n) => {
      const given = parts[n] ?? "";
      if (!part.startsWith(":")) return part === given;
      params[part.slice(1)] = decodeURIComponent(given);
      return true;
    });
    if (fits) return { route, params };
  }
  return null;
}

export const match = computed(() => matchPath(path.value));

/** The page that stands, and the address it was made for. */
export const standing = signal<{ readonly match: Match; readonly Page: ComponentType<PageProps> } | null>(null);

const modules = new Map<Route["load"], Promise<PageModule>>();

/** Loads a page's chunk once; a chunk that did not come is asked for again next time. */
export function loadPage(route: Route): Promise<PageModule> {
  const known = modules.get(route.load);
  if (known) return known;
  const coming = route.load();
  modules.set(route.load, coming);
  coming.catch(() => modules.delete(route.load));
  return coming;
}
