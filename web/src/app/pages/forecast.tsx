// Forecast: how a lesion may go on, day by day, and how little is known of it.
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { api } from "../../api/client";
import { type Dated, type Drawing, lesionsOf, priorDrawings, readingsFrom } from "../../model/forecasting/priors";
import { isoDate, moment } from "../../model/format";
import { navigate, pageReady, queryText, setQuery } from "../../model/place";
import { enterResult, openStudy, resultsOf } from "../../model/study";
import { fail } from "../../model/toasts";
import { say } from "../../model/words";
import { Waiting } from "../../panels/bits";
import { Begin, Volumes } from "../../panels/forecasting/begin";
import { InSpace } from "../../panels/forecasting/in_space";
import { OverTime, type Table } from "../../panels/forecasting/over_time";
import type { PageProps } from "../router";
import "../styles/forecast.css";

export default function Forecast({ params }: PageProps): JSX.Element {
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const asked = params["result"] ?? "";
  useEffect(() => {
    enterResult<Drawing>(asked).then((result) => {
      if (result.kind === "forecast" && result.parent_id) return navigate(`/forecast/${result.parent_id}?forecast=${result.id}`, true);
      return setDrawing(result);
    }, fail);
  }, [asked]);
  return drawing ? <OfDrawing key={drawing.id} drawing={drawing} /> : <Waiting />;
}

function OfDrawing({ drawing }: { drawing: Drawing }): JSX.Element {
  const [part, setPart] = useState<"space" | "volumes">(queryText("part") === "volumes" ? "volumes" : "space");
  const earlier = useEarlier(drawing);
  const answer = useMemo(() => signal<Table | null>(null), []);
  const study = openStudy.value;
  const made = study ? resultsOf(study, "forecast").filter((one) => one.parent_id === drawing.id) : [];
  const chosen = made.find((one) => one.id === queryText("forecast")) ?? made[0] ?? null;
  const opening = useMemo(() => readingsFrom([...earlier, { result: drawing, date: isoDate(study?.date ?? "") }]), [earlier, study]);
  useEffect(() => setQuery({ part: part === "volumes" ? part : null }), [part]);
  useEffect(() => {
    if (part === "volumes" || chosen === null) pageReady();
  }, [part, chosen]);
  return (
    <div class="forecast">
      <h1 class="sr-only">{say("forecast.title")}</h1>
      <aside class="forecast-side" aria-label={say("forecast.ask_side")}>
        <div class="segmented" role="radiogroup" aria-label={say("forecast.what")}>
          {(["space", "volumes"] as const).map((one) => (
            <button key={one} type="button" role="radio" aria-checked={part === one} onClick={() => setPart(one)}>
              {say(`forecast.part_${one}`)}
            </button>
          ))}
        </div>
        {part === "space" && made.length > 0 && (
          <label class="field">
            <span>{say("forecast.which")}</span>
            <select value={chosen?.id ?? ""} onChange={(event) => setQuery({ forecast: event.currentTarget.value, day: null })}>
              {made.map((one) => (
                <option key={one.id} value={one.id}>
                  {say("forecast.made", { days: one.title, when: moment(one.created) })}
                </option>
              ))}
            </select>
          </label>
        )}
        {part === "space" && <Begin drawing={drawing} earlier={earlier} targets={lesionsOf(drawing)} />}
        {part === "volumes" && (
          <Volumes key={opening} opening={opening} onTable={async (csv) => void (answer.value = await api.post<Table>("/api/forecasts/volumes", { csv }))} />
        )}
      </aside>
      {part === "space" && chosen && <InSpace key={chosen.id} forecast={chosen} drawing={drawing} />}
      {part === "space" && !chosen && <p class="forecast-none">{say("forecast.none")}</p>}
      {part === "volumes" && <OverTime answer={answer.value} />}
    </div>
  );
}

function useEarlier(drawing: Drawing): readonly Dated[] {
  const [found, setFound] = useState<readonly Dated[]>([]);
  const study = drawing.study_id;
  useEffect(() => {
    if (study) void priorDrawings(study).then(setFound, () => setFound([])); // without priors one sees once
  }, [study]);
  return found;
}
