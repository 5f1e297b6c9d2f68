// A list that is empty says what belongs into it, and offers a way to see the program work at once.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { may } from "../../model/session";
import { say } from "../../model/words";
import { clearFilters } from "../../model/worklist";
import { send, takeSample } from "../../tools/upload";
import { Empty } from "../bits";
import { Icon } from "../icon";
import { PickButton } from "./drop";

export function NoStudies({ onPacs }: { onPacs: () => void }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const sample = async (): Promise<void> => {
    setBusy(true);
    await takeSample();
    setBusy(false);
  };
  return (
    <div class="first-steps">
      <Empty icon="draw" title={say("studies.none")}>
        <p>{say("studies.none_detail")}</p>
      </Empty>
      <div class="first-ways">
        <section class="card">
          <Icon name="folder" size={28} />
          <h2>{say("studies.way_drop")}</h2>
          <p class="muted">{say("studies.way_drop_detail")}</p>
          <PickButton onFiles={(found) => void send(found)} label={say("studies.pick_files")} />
        </section>
        <section class="card">
          <Icon name="draw" size={28} />
          <h2>{say("studies.way_sample")}</h2>
          <p class="muted">{say("studies.way_sample_detail")}</p>
          <button type="button" disabled={busy} onClick={() => void sample()} data-act="sample">
            {busy ? say("studies.taking_sample") : say("studies.take_sample")}
          </button>
        </section>
        <section class="card">
          <Icon name="network" size={28} />
          <h2>{say("studies.way_pacs")}</h2>
          <p class="muted">{say("studies.way_pacs_detail")}</p>
          {may("planner") && (
            <button type="button" onClick={onPacs}>
              {say("studies.pacs")}
            </button>
          )}
        </section>
      </div>
    </div>
  );
}

export function NoMatch(): JSX.Element {
  return (
    <Empty icon="search" title={say("studies.no_match")}>
      <p>{say("studies.no_match_detail")}</p>
      <button type="button" onClick={clearFilters}>
        {say("studies.clear")}
      </button>
    </Empty>
  );
}
