// The measurements as a list: to be read, gone to, and removed. The newest is first.
import type { JSX } from "preact";
import { type Measure, isFree, regionStats } from "../../model/reading/measure";
import { say } from "../../model/words";
import { Icon } from "../icon";
import { measureText, rounded } from "../../render/reading/annotate";
import { valueAt } from "../../render/reading/pane";
import type { Desk } from "../../tools/reading/desk";

export function Measures({ desk }: { desk: Desk }): JSX.Element | null {
  const { reading } = desk;
  if (!reading.measures.value.length) return null;
  return (
    <section class="rd-section" aria-labelledby="rd-measures">
      <h2 id="rd-measures">
        {say("read.measures")}
        <button type="button" class="link rd-all" onClick={() => (reading.measures.value = reading.measures.value.filter((one) => !isFree(one)))}>
          {say("read.remove_all")}
        </button>
      </h2>
      <ul class="rd-list">
        {[...reading.measures.value].reverse().map((one) => (
          <Row key={one.id} measure={one} desk={desk} />
        ))}
      </ul>
      {desk.kept.waiting.value > 0 && <p class="rd-quiet">{say("read.measures_waiting", { n: desk.kept.waiting.value })}</p>}
    </section>
  );
}

function Row({ measure, desk }: { measure: Measure; desk: Desk }): JSX.Element {
  const { reading } = desk;
  return (
    <li class={reading.chosen.value === measure.id ? "chosen" : ""}>
      <button
        type="button"
        class="rd-row"
        data-measure={measure.kind}
        onClick={() => {
          reading.chosen.value = measure.id;
          reading.view.goToWorld(measure.points[0]!);
        }}
      >
        <span class="rd-name">
          {say(`read.measure_${measure.kind}`)}
          {measure.author && <small class="rd-quiet"> {measure.author}</small>}
        </span>
        <span class="rd-value">{told(measure, desk)}</span>
      </button>
      {isFree(measure) ? (
        <button
          type="button"
          class="quiet square small"
          aria-label={say("read.remove_measure")}
          onClick={() => (reading.measures.value = reading.measures.value.filter((one) => one !== measure))}
        >
          <Icon name="close" size={14} />
        </button>
      ) : (
        measure.signed && (
          <span class="rd-held" title={say("read.measure_signed")}>
            <Icon name="sign" size={14} />
          </span>
        )
      )}
    </li>
  );
}

export function told(measure: Measure, desk: Desk): string {
  const { view } = desk.reading;
  const volume = view.volume.value;
  void view.arrived.value;
  if (!volume) return "";
  // values are those of the series on which it was measured, as in the signed report, never of the one that is open
  const elsewhere = measure.series !== volume.info.id && (measure.kind === "ellipse" || measure.kind === "probe");
  if (elsewhere) return say("read.measure_elsewhere");
  const stats = measure.kind === "ellipse" ? regionStats(measure, volume) : null;
  const text = measureText(measure, volume.info.unit, stats, valueAt(measure.points[0]!, volume)).replace("\n", ", ");
  return stats ? `${text}, ${say("read.from_to", { min: rounded(stats.min), max: rounded(stats.max) })}` : text;
}
