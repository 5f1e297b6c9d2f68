// Probability, uncertainty and explanation heat over the picture: one at a time.
import type { JSX } from "preact";
import type { HeatFile } from "../../model/reading/drawing";
import { attempt } from "../../model/toasts";
import { say, sayOr } from "../../model/words";
import type { Desk } from "../../tools/reading/desk";

export function Overlays({ desk }: { desk: Desk }): JSX.Element | null {
  const { main } = desk;
  const files = main.heats.value;
  if (!files.length) return null;
  const { heatOpacity } = main.view;
  const open = main.heat.value;
  return (
    <section class="rd-section" aria-labelledby="rd-heat">
      <h2 id="rd-heat">{say("read.overlay")}</h2>
      <select
        aria-labelledby="rd-heat"
        value={open ? key(open) : ""}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          void attempt(() => main.openHeat(files.find((one) => key(one) === chosen) ?? null));
        }}
      >
        <option value="">{say("read.overlay_none")}</option>
        {files.map((one) => (
          <option key={key(one)} value={key(one)}>
            {title(one, desk)}
          </option>
        ))}
      </select>
      {open && (
        <label class="rd-slider">
          {say("read.opacity")}
          <input
            type="range"
            min={0}
            max={100}
            step={5}
            value={Math.round(100 * heatOpacity.value)}
            onInput={(event) => (heatOpacity.value = Number(event.currentTarget.value) / 100)}
          />
        </label>
      )}
      {open && <p class={`rd-scale rd-scale-${open.kind}`}>{say(open.kind === "heat" ? "read.scale_heat" : "read.scale_share")}</p>}
    </section>
  );
}

const key = (file: HeatFile): string => `${file.path}#${file.method}`;

function title(file: HeatFile, desk: Desk): string {
  const method = sayOr(`read.heat_${file.method.replace("-", "_")}`, file.method);
  const finding = desk.main.structures.value.find((one) => one.id === file.finding);
  return finding ? say("read.heat_of", { method, finding: finding.title }) : method;
}
