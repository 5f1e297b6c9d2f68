// How slices are shown: one after the other by themselves (cine), or several as one (slab).
import type { JSX } from "preact";
import { MOST_MM, SLAB_MODES, type SlabMode } from "../../model/reading/slab";
import { say } from "../../model/words";
import type { Desk } from "../../tools/reading/desk";
import { Icon } from "../icon";

export function Moving({ desk }: { desk: Desk }): JSX.Element {
  return (
    <section class="rd-section rd-moving" aria-labelledby="rd-moving">
      <h2 id="rd-moving">
        {say("read.moving")}
        <button type="button" class="link rd-all" onClick={() => desk.reset()}>
          {say("read.reset")}
        </button>
      </h2>
      <Play desk={desk} />
      <SlabBox desk={desk} />
    </section>
  );
}

function Play({ desk }: { desk: Desk }): JSX.Element {
  const { plays, speed } = desk.cine;
  return (
    <div class="rd-play">
      <button type="button" aria-pressed={plays.value} title={say("read.cine_hint")} onClick={() => desk.cine.toggle()}>
        <Icon name={plays.value ? "stop" : "play"} size={16} /> {say(plays.value ? "read.cine_stop" : "read.cine_play")}
      </button>
      <button type="button" class="quiet square small" aria-label={say("read.cine_slower")} onClick={() => desk.cine.faster(-1)}>
        −
      </button>
      <output>{say("read.cine_speed", { n: speed.value })}</output>
      <button type="button" class="quiet square small" aria-label={say("read.cine_faster")} onClick={() => desk.cine.faster(1)}>
        +
      </button>
    </div>
  );
}

function SlabBox({ desk }: { desk: Desk }): JSX.Element {
  const slab = desk.reading.view.slab.value;
  return (
    <>
      <select
        aria-label={say("read.slab")}
        value={slab?.mode ?? ""}
        onChange={(event) => desk.setSlab((event.currentTarget.value || null) as SlabMode | null)}
      >
        <option value="">{say("read.slab_none")}</option>
        {SLAB_MODES.map((one) => (
          <option key={one} value={one}>
            {say(`read.slab_${one}`)}
          </option>
        ))}
      </select>
      {slab && (
        <label class="rd-slider">
          {say("read.slab_mm", { mm: slab.mm })}
          <input
            type="range"
            min={2}
            max={MOST_MM}
            step={1}
            value={slab.mm}
            onInput={(event) => desk.setSlab(slab.mode, Number(event.currentTarget.value))}
          />
        </label>
      )}
      {slab && <p class="rd-quiet">{say("read.slab_note")}</p>}
    </>
  );
}
