// Asking for a forecast: of a drawn lesion in space, or of volumes that were measured.
import type { JSX } from "preact";
import { computed } from "@preact/signals";
import { useMemo, useState } from "preact/hooks";
import type { Result } from "../../api/types";
import { readingsOf, tableOf } from "../../model/forecasting/curve";
import type { Dated } from "../../model/forecasting/priors";
import { jobs, startJob } from "../../model/jobs";
import { attempt, fail } from "../../model/toasts";
import { count, say } from "../../model/words";
import { Progress } from "../bits";

interface BeginProps {
  readonly drawing: Result;
  readonly earlier: readonly Dated[];
  readonly targets: readonly string[];
}

export function Begin({ drawing, earlier, targets }: BeginProps): JSX.Element {
  const [options, setOptions] = useState({ target: "", days: 180, earlier_id: "", treatment: "", genes: "" });
  const running = useMemo(
    () => computed(() => jobs.value.find((one) => one.kind === "forecast" && one.result_id === drawing.id && (one.state === "queued" || one.state === "running"))),
    [drawing.id],
  ).value;
  const set = (name: keyof typeof options) => (event: Event) =>
    setOptions({ ...options, [name]: (event.currentTarget as HTMLInputElement).value });
  const begin = (event: Event): void => {
    event.preventDefault();
    const { genes, ...plain } = options;
    const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== ""));
    const asked = { ...given, days: Number(options.days), genes: genesOf(genes) };
    startJob("forecast", { result_id: drawing.id, ...(drawing.study_id ? { study_id: drawing.study_id } : {}), options: asked }).catch(fail);
  };
  return (
    <form class="forecast-begin" onSubmit={begin}>
      <label class="field">
        <span>{say("forecast.target")}</span>
        <select value={options.target} onChange={set("target")}>
          <option value="">{say("forecast.largest")}</option>
          {targets.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{say("forecast.ahead")}</span>
        <input type="number" min="1" max="3650" value={options.days} onInput={set("days")} />
      </label>
      {earlier.length > 0 && (
        <label class="field">
          <span>{say("forecast.earlier")}</span>
          <select value={options.earlier_id} onChange={set("earlier_id")}>
            <option value="">{say("forecast.earlier_none")}</option>
            {earlier.map((one) => (
              <option key={one.result.id} value={one.result.id}>
                {one.date} · {one.result.title}
              </option>
            ))}
          </select>
        </label>
      )}
      <details class="forecast-more">
        <summary>{say("forecast.more")}</summary>
        <label class="field">
          <span>{say("forecast.treatment")}</span>
          <input type="text" value={options.treatment} placeholder="temozolomide" onInput={set("treatment")} />
        </label>
        <label class="field">
          <span>{say("forecast.genes_given")}</span>
          <textarea rows={4} value={options.genes} placeholder={"IDH1,mutated\n1p/19q,codeleted\ngrade,2"} onInput={set("genes")} />
        </label>
      </details>
      <button type="submit" class="primary" disabled={running !== undefined}>
        {say("forecast.begin")}
      </button>
      {running && <Progress fraction={running.state === "queued" ? null : running.fraction} label={say("forecast.computing")} />}
    </form>
  );
}

/** A line each, gene and status with a comma between; the server knows the names. */
function genesOf(text: string): Record<string, string> {
  const rows = text.split("\n").map((line) => line.split(/[,;\t]/).map((one) => one.trim()));
  return Object.fromEntries(rows.flatMap(([gene, status]) => (gene && status ? [[gene, status]] : [])));
}

/** Readings typed, pasted, or taken from drawings; asked with `onTable`. */
export function Volumes({ opening, onTable }: { opening: string; onTable: (csv: string) => Promise<void> }): JSX.Element {
  const [text, setText] = useState(opening);
  const [ahead, setAhead] = useState(180);
  const { readings, wrong } = readingsOf(text);
  const ask = (event: Event): void => {
    event.preventDefault();
    void attempt(() => onTable(tableOf(readings, ahead)));
  };
  return (
    <form class="forecast-begin" onSubmit={ask}>
      <label class="field">
        <span>{say("forecast.readings")}</span>
        <textarea rows={7} value={text} placeholder={"day, ml\n0, 10.2\n62, 13.0"} onInput={(event) => setText(event.currentTarget.value)} />
        <small>{wrong.length ? say("forecast.wrong_lines", { lines: wrong.join(", ") }) : count("forecast.readings_n", readings.length)}</small>
      </label>
      <label class="field">
        <span>{say("forecast.ahead")}</span>
        <input type="number" min="1" max="3650" value={ahead} onInput={(event) => setAhead(Number(event.currentTarget.value))} />
      </label>
      <button type="submit" class="primary" disabled={readings.length === 0 || wrong.length > 0}>
        {say("forecast.ask")}
      </button>
    </form>
  );
}
