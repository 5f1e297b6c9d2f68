// Which other date stands beside this one, and by what the two are linked.
import type { JSX } from "preact";
import type { LinkMode } from "../../model/reading/link";
import { isoDate } from "../../model/format";
import { attempt } from "../../model/toasts";
import { say } from "../../model/words";
import type { Desk } from "../../tools/reading/desk";

const MODES: readonly LinkMode[] = ["liver", "world", "stack", "hand", "free"];

export function CompareBar({ desk }: { desk: Desk }): JSX.Element {
  const { comparison } = desk;
  void [desk.main.structures.value, desk.other.structures.value];
  return (
    <section class="rd-section" aria-labelledby="rd-compare">
      <h2 id="rd-compare">{say("read.compare")}</h2>
      <label class="field">
        {say("read.other_date")}
        <select
          value={comparison.study.value ?? ""}
          onChange={(event) => {
            const id = event.currentTarget.value;
            void attempt(() => comparison.open(id));
          }}
        >
          {desk.priors.value.map((one) => (
            <option key={one.id} value={one.id}>
              {`${isoDate(one.date)} ${one.description}`.trim()}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        {say("read.link")}
        <select value={comparison.mode.value} onChange={(event) => comparison.setMode(event.currentTarget.value as LinkMode)}>
          {MODES.map((one) => (
            <option key={one} value={one} disabled={one === "liver" && !comparison.canLiver}>
              {say(`read.link_${one}`)}
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}
