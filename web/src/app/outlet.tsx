// The page that the address names: loaded when it is first asked for; the one before stands until it is here.
import { Component, type ComponentChildren, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { pageReady } from "../model/place";
import { may } from "../model/session";
import { told } from "../model/toasts";
import { say } from "../model/words";
import { Empty, Note, Waiting } from "../panels/bits";
import { loadPage, match, standing } from "./router";

export function Outlet(): JSX.Element {
  const now = match.value;
  const allowed = now !== null && (now.route.role === null || may(now.route.role));
  const [failed, setFailed] = useState<unknown>(null);
  useEffect(() => {
    setFailed(null);
    if (!now || !allowed) {
      standing.value = null;
      pageReady();
      return;
    }
    let current = true;
    const before = standing.value?.match.route ?? null;
    loadPage(now.route).then(
      ({ default: Page }) => {
        if (!current) return;
        pageReady(false);
        standing.value = { match: now, Page };
        // a screen reader begins with the new page; at the first load it begins with the document
        if (before !== null && before !== now.route) document.getElementById("main")?.focus({ preventScroll: true });
      },
      (error: unknown) => current && setFailed(error),
    );
    return () => {
      current = false;
    };
  }, [now, allowed]);

  if (failed !== null) return <ChunkMissing />;
  if (!now) return <Nowhere />;
  if (!allowed) return <Closed />;
  const shown = standing.value;
  if (!shown) return <Waiting />;
  const { Page } = shown;
  // another study is another page: its state starts anew
  const key = shown.match.route.path + Object.values(shown.match.params).join("/");
  return (
    <Fence key={key}>
      <Page params={shown.match.params} />
    </Fence>
  );
}

function Nowhere(): JSX.Element {
  return (
    <Empty icon="search" title={say("shell.nowhere")}>
      <p>{say("shell.nowhere_detail")}</p>
      <a class="button" href="/studies">
        {say("shell.to_studies")}
      </a>
    </Empty>
  );
}

function Closed(): JSX.Element {
  return (
    <Empty icon="lock" title={say("shell.closed")}>
      <p>{say("shell.closed_detail")}</p>
      <a class="button" href="/studies">
        {say("shell.to_studies")}
      </a>
    </Empty>
  );
}

function ChunkMissing(): JSX.Element {
  return (
    <Empty icon="again" title={say("shell.stale")}>
      <p>{say("shell.stale_detail")}</p>
      <button type="button" onClick={() => location.reload()}>
        {say("shell.reload")}
      </button>
    </Empty>
  );
}

/** A page that breaks leaves the shell standing, and says what happened. */
class Fence extends Component<{ children: ComponentChildren }, { error: unknown }> {
  override state = { error: null as unknown };

  static override getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override componentDidCatch(error: unknown): void {
    console.error(error);
  }

  override render(): ComponentChildren {
    if (this.state.error === null) return this.props.children;
    const { title, detail } = told(this.state.error);
    return (
      <div class="page narrow">
        <Note kind="bad">
          <strong>{title}</strong>
          <p>{detail}</p>
          <button type="button" onClick={() => this.setState({ error: null })}>
            {say("shell.try_again")}
          </button>
        </Note>
      </div>
    );
  }
}
