// Small things that every page shows: what is empty, what is coming, how far it is, what state it is in.
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { say, sayOr } from "../model/words";
import { percent } from "../model/format";
import { Icon, type IconName } from "./icon";

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} size={40} />
      </span>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Something is on its way; it is said aloud once, and seen only when it takes longer than a blink. */
export function Waiting({ text }: { text?: string }): JSX.Element {
  return (
    <div class="waiting" role="status">
      <span class="spinner" aria-hidden="true" />
      <span>{text ?? say("shell.loading")}</span>
    </div>
  );
}

interface ProgressProps {
  /** 0–1; null where nobody knows. */
  readonly fraction: number | null;
  readonly label: string;
  readonly state?: "running" | "done" | "failed";
}

export function Progress({ fraction, label, state = "running" }: ProgressProps): JSX.Element {
  const now = fraction === null ? undefined : Math.round(100 * fraction);
  return (
    <div
      class={`progress ${state}${fraction === null ? " unknown" : ""}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={now}
      aria-valuetext={fraction === null ? undefined : percent(fraction)}
    >
      <span ref={(bar) => bar?.style.setProperty("width", `${fraction === null ? 30 : 100 * fraction}%`)} />
    </div>
  );
}

/** A state as a word with a dot; colour is never alone in saying it. */
export function State({ of, prefix }: { of: string; prefix: string }): JSX.Element {
  return <span class={`state state-${of}`}>{sayOr(`${prefix}${of}`, of)}</span>;
}

export function Note({ kind = "note", children }: { kind?: "note" | "warn" | "bad" | "good"; children: ComponentChildren }): JSX.Element {
  const icon: IconName = kind === "good" ? "check" : kind === "note" ? "info" : "alert";
  return (
    <div class={`note note-${kind}`} role={kind === "bad" ? "alert" : undefined}>
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}

/** A table that may be wider than its place: then it scrolls, and the keyboard can scroll it. */
export function TableBox({ label, look = "", children }: { label: string; look?: string; children: ComponentChildren }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useLayoutEffect(() => {
    const seen = box.current;
    if (!seen) return undefined;
    const watch = new ResizeObserver(() => setScrolls(seen.scrollWidth > seen.clientWidth));
    watch.observe(seen);
    for (const one of seen.children) watch.observe(one);
    return () => watch.disconnect();
  }, []);
  const reached = scrolls ? ({ tabIndex: 0, role: "region", "aria-label": label } as const) : {};
  return (
    <div ref={box} class={`table-box ${look}`} {...reached}>
      {children}
    </div>
  );
}
