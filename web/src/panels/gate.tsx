// The card before the door: login and invitation share it.
import type { ComponentChildren, JSX, TargetedInputEvent } from "preact";
import { useState } from "preact/hooks";
import { lang } from "../model/look";
import { switchLang } from "../model/session";
import { say } from "../model/words";
import { Mark } from "./icon";

export function Gate({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="gate">
      <div class="gate-side">
        <GateDrawing />
        <p>{say("gate.motto")}</p>
      </div>
      <div class="gate-card">
        <header class="gate-head">
          <Mark size={34} />
          <span class="wordmark">Limner</span>
          <button type="button" class="quiet" lang={lang.value === "en" ? "zh-Hans" : "en"} onClick={switchLang}>
            {lang.value === "en" ? "中文" : "English"}
          </button>
        </header>
        <h1>{title}</h1>
        {children}
      </div>
    </div>
  );
}

/** Contours of a body, drawn as a limner draws: outline first, then what lies within. */
function GateDrawing(): JSX.Element {
  return (
    <svg viewBox="0 0 400 300" class="gate-drawing" aria-hidden="true">
      <g class="hair">
        <path d="M48 160C40 92 104 44 200 44s160 48 152 116c-8 66-70 98-152 98S56 226 48 160Z" />
        <path d="M60 160c-6-60 54-103 140-103s146 43 140 103c-7 58-64 86-140 86S67 218 60 160Z" />
      </g>
      <path class="organ" d="M84 132c14-40 60-58 104-54 22 2 30 12 28 26-3 22-28 30-44 44-18 16-24 48-50 54-30 6-50-32-38-70Z" />
      <path class="hair" d="M118 120c18 2 30 8 46 4M126 142c12-8 26-8 38-18M120 166c4-14 14-20 20-28" />
      <path class="lesion" d="M112 146c8-10 24-8 26 4s-10 20-20 17-13-13-6-21Z" />
      <path class="hair" d="M236 88c30-12 66 4 78 40 6 18-2 28-16 24-26-8-58-12-70-32-7-12-4-28 8-32ZM268 176c14-8 34 0 36 18s-16 30-30 24-20-34-6-42ZM186 196c6-12 26-14 34-3s4 30-9 34-32-17-25-31ZM190 240c4 8 16 8 20 0" />
      <circle class="hair" cx="206" cy="170" r="11" />
      <path class="needle" d="M30 70 122 152" />
      <circle class="tip" cx="122" cy="152" r="3.2" />
    </svg>
  );
}

interface PasswordProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly autocomplete: "current-password" | "new-password";
  readonly hint?: string;
  readonly minLength?: number;
}

export function PasswordField({ label, value, onValue, autocomplete, hint, minLength }: PasswordProps): JSX.Element {
  const [shown, setShown] = useState(false);
  const field = {
    required: true,
    name: "password",
    autocomplete,
    minLength: minLength ?? 0,
    value,
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => onValue(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label class="field">
        <span>{label}</span>
        {shown ? <input type="text" {...field} spellcheck={false} /> : <input type="password" {...field} />}
      </label>
      <div class="field-foot">
        {hint && <small class="muted">{hint}</small>}
        <button type="button" class="link small-text" aria-label={say(shown ? "gate.hide_label" : "gate.show_label")} onClick={() => setShown(!shown)}>
          {say(shown ? "gate.hide" : "gate.show")}
        </button>
      </div>
    </div>
  );
}
