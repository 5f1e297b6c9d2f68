// Something that is shown once, to be copied: a token, a one-time link.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { say } from "../model/words";
import { Icon } from "./icon";

export function Secret({ text }: { text: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      setCopied(false); // without a secure context there is no clipboard: the text can be selected
    }
  };
  return (
    <div class="secret">
      <input readOnly value={text} aria-label={say("act.secret")} onFocus={(event) => event.currentTarget.select()} />
      <button type="button" onClick={() => void copy()}>
        <Icon name={copied ? "check" : "copy"} />
        <span>{say(copied ? "act.copied" : "act.copy")}</span>
      </button>
    </div>
  );
}
