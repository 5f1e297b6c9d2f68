// The line above the panes: which series, which window, and what lies under the pointer.
import type { JSX } from "preact";
import type { Patient } from "../../api/types";
import { isoDate } from "../../model/format";
import { attempt } from "../../model/toasts";
import { say, sayOr } from "../../model/words";
import { rounded } from "../../render/reading/annotate";
import type { Desk } from "../../tools/reading/desk";

export function Head({ desk }: { desk: Desk }): JSX.Element {
  const { main, study } = desk;
  const series = main.series.value;
  const images = study.value?.series.filter((one) => one.shape || one.id === series?.id) ?? [];
  const named = (one: { number: number | null; description: string; modality: string; instances: number }): string =>
    [one.number ?? "", one.modality, one.description, `(${one.instances})`].filter(Boolean).join(" ");
  return (
    <div class="rd-head">
      {study.value && <Person patient={study.value.patient} />}
      {images.length > 1 ? (
        <select
          class="rd-series"
          aria-label={say("read.series")}
          value={series?.id}
          onChange={(event) => {
            const id = event.currentTarget.value;
            void attempt(() => desk.changeSeries(id));
          }}
        >
          {images.map((one) => (
            <option key={one.id} value={one.id}>
              {named(one)}
            </option>
          ))}
        </select>
      ) : (
        <span class="rd-series">{images[0] ? named(images[0]) : ""}</span>
      )}
      <div class="rd-windows" role="group" aria-label={say("read.window")}>
        {series?.window.map((one, n) => (
          <button
            key={one.name}
            type="button"
            aria-pressed={main.view.window.value.name === one.name}
            title={say("read.center_width", { center: rounded(one.center), width: rounded(one.width) })}
            onClick={() => desk.preset(n + 1)}
            data-window={one.name}
          >
            <kbd>{n + 1}</kbd>
            {sayOr(`read.window_${one.name.replace("-", "_")}`, one.name)}
          </button>
        ))}
      </div>
      <Under desk={desk} />
    </div>
  );
}

/** Beside the name in the bar: whom one must not mistake for another of that name. */
function Person({ patient }: { patient: Patient }): JSX.Element {
  const facts = [patient.id && say("read.patient", { id: patient.id }), isoDate(patient.birth_date), patient.sex];
  return <span class="rd-person">{facts.filter(Boolean).join(" · ")}</span>;
}

/** Fixed in width, so that nothing moves while the pointer does. */
function Under({ desk }: { desk: Desk }): JSX.Element {
  const hover = desk.reading.hover.value;
  const unit = desk.main.series.value?.unit ?? "";
  const [x, y, z] = hover?.world ?? [0, 0, 0];
  return (
    <output class="rd-under" aria-live="off">
      {hover && `${x.toFixed(1)}  ${y.toFixed(1)}  ${z.toFixed(1)} mm`}
      <b>{hover && hover.value !== null ? `${rounded(hover.value)} ${unit}` : ""}</b>
    </output>
  );
}
