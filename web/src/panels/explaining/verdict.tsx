// Whether a map can be believed, said in place: the checks that it was held against, each in words.
import type { Check } from "../../model/explaining/answer";
import { failed } from "../../model/explaining/answer";
import { number } from "../../model/format";
import { say, sayOr } from "../../model/words";

function figure(check: Check): string {
  const value = check.value === null ? "–" : number(check.value, 2);
  const baseline = check.baseline === null ? "–" : number(check.baseline, 2);
  return say(check.better === "lower" ? "explain.check_below" : "explain.check_above", { value, baseline });
}

function Row({ check }: { check: Check }) {
  return (
    <li class={check.passed ? "ex-check" : "ex-check ex-failed"}>
      <span class="ex-mark" aria-hidden="true">
        {check.passed ? "✓" : "✗"}
      </span>
      <span>
        <b>{sayOr(`explain.check_${check.name}`, check.name.replaceAll("_", " "))}</b>{" "}
        <span class="ex-quiet">
          {say(check.passed ? "explain.passed" : "explain.failed")}, {figure(check)}
        </span>
        <br />
        {sayOr(`explain.means_${check.name}`, "")}
        <span class="ex-source">{check.source}</span>
      </span>
    </li>
  );
}

interface Props {
  readonly name: string;
  readonly checks: readonly Check[];
  /** The server's own sentences, where it had some beside the checks. */
  readonly warnings?: readonly string[];
  /** The list is closed where all is well; what failed is always open. */
  readonly closed?: boolean;
}

export function Verdict({ name, checks, warnings = [], closed = false }: Props) {
  const broken = failed(checks);
  if (!checks.length) return <p class="ex-verdict ex-unknown">{say("explain.unchecked", { name })}</p>;
  return (
    <div>
      {broken.length > 0 ? (
        <p class="ex-verdict ex-bad" role="note">
          <b>{say("explain.dont_rely", { name })}</b> {say("explain.failed_of", { failed: broken.length, all: checks.length })}
        </p>
      ) : (
        <p class="ex-verdict ex-good">{say("explain.passed_all", { all: checks.length })}</p>
      )}
      <details open={!closed || broken.length > 0}>
        <summary>{say("explain.checks")}</summary>
        <ul class="ex-checks">
          {checks.map((check) => (
            <Row key={check.name} check={check} />
          ))}
        </ul>
        {warnings.map((text) => (
          <p key={text} class="ex-quiet">
            {text}
          </p>
        ))}
      </details>
    </div>
  );
}
