// The workstation: session first, then the page that the address names.
import { render } from "preact";
import { followLinks } from "../model/place";
import { loadSession } from "../model/session";
import { wordsReady } from "../model/words";
import { loadPage, match } from "./router";
import { Shell } from "./shell";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/lists.css";

async function start(place: HTMLElement): Promise<void> {
  followLinks(document.body);
  if (match.value) void loadPage(match.value.route).catch(() => undefined); // its code comes while the session is asked for
  // a server that is away is told by the shell, which asks again
  await Promise.all([loadSession().catch(() => undefined), wordsReady()]);
  render(<Shell />, place);
}

const place = document.getElementById("app");
if (!place) throw new Error("The page has no #app; index.html was not served whole.");
void start(place);
