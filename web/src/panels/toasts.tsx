// The notices at the edge of the screen.
import type { JSX } from "preact";
import { dismiss, toasts } from "../model/toasts";
import { say } from "../model/words";
import { Icon } from "./icon";

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="region" aria-label={say("shell.notices")} aria-live="polite">
      {toasts.value.map((one) => (
        <div key={one.id} class={`toast toast-${one.kind}`} role={one.kind === "bad" ? "alert" : "status"}>
          <Icon name={one.kind === "bad" ? "alert" : one.kind === "good" ? "check" : "info"} />
          <div class="toast-text">
            <strong>{one.title}</strong>
            {one.detail && <p>{one.detail}</p>}
            {one.action && (
              <button
                type="button"
                class="link"
                onClick={() => {
                  dismiss(one.id);
                  one.action?.run();
                }}
              >
                {one.action.label}
              </button>
            )}
          </div>
          <button type="button" class="quiet square small" aria-label={say("act.close")} onClick={() => dismiss(one.id)}>
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
