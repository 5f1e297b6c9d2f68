// Forecast: how a lesion may go on, day by day, and how little is known of it.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List, Result, StudyDetail } from "../../api/types";
import { at, bandOf, type Band, type ForecastTold, type Reading } from "../../model/forecasting/curve";
import { isoDate, moment, number } from "../../model/format";
import { navigate, pageReady, queryNumber, queryText, setQuery } from "../../model/place";
import { enterResult, openStudy, resultsOf } from "../../model/study";
import { fail } from "../../model/toasts";
import { say } from "../../model/words";
import { Waiting } from "../../panels/bits";
import { Begin, type Earlier, Volumes } from "../../panels/forecasting/begin";
import { Chart } from "../../panels/forecasting/chart";
import { Know } from "../../panels/forecasting/know";
import { Days } from "../../panels/forecasting/slider";
import type { Growing } from "../../render/forecasting/growing";
import { useKeys } from "../../tools/keys";
import type { PageProps } from "../router";
import "../styles/forecast.css";

interface Table {
  readonly forecasts: readonly { readonly day: number; readonly p10: number; readonly p50: number; readonly p90: number; readonly model: string }[];
  readonly readings: readonly Reading[];
  readonly problems: readonly string[];
  readonly learned_from: { readonly source: string; readonly patients: number };
}

type Drawing = Result & { readonly drawing?: { readonly findings: readonly { readonly id: string; readonly kind: string }[] } };

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
  const study = openStudy.value;
  const made = study ? resultsOf(study, "forecast").filter((one) => one.parent_id === drawing.id) : [];
  const chosen = made.find((one) => one.id === queryText("forecast")) ?? made[0] ?? null;
  const targets = drawing.drawing?.findings.filter((one) => one.kind === "lesion").map((one) => one.id) ?? [];
  useEffect(() => setQuery({ part: part === "volumes" ? part : null }), [part]);
  useEffect(() => {
    if (part === "volumes" || (study && !chosen)) pageReady();
  }, [part, study, chosen]);
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
        {part === "space" ? (
          <>
            {made.length > 0 && (
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
            <Begin drawing={drawing} earlier={earlier} targets={targets} />
          </>
        ) : (
          <VolumesSide earlier={earlier} drawing={drawing} />
        )}
      </aside>
      {part === "space" && chosen && <InSpace key={chosen.id} forecast={chosen} drawing={drawing} />}
      {part === "space" && !chosen && <p class="forecast-none">{say("forecast.none")}</p>}
      {part === "volumes" && <OverTime />}
    </div>
  );
}

function InSpace({ forecast, drawing }: { forecast: Result; drawing: Drawing }): JSX.Element {
  const [told, setTold] = useState<ForecastTold | null>(null);
  useEffect(() => {
    api.get<ForecastTold>(`/api/results/${forecast.id}/files/forecast.json`).then(setTold, fail);
  }, [forecast.id]);
  if (!told) return <Waiting />;
  return <Told told={told} forecast={forecast} drawing={drawing} />;
}

function Told({ told, forecast, drawing }: { told: ForecastTold; forecast: Result; drawing: Drawing }): JSX.Element {
  const band = useMemo(() => bandOf(told), [told]);
  const [first, last] = [told.days[0] ?? 0, told.days.at(-1) ?? 0];
  const [day, setDay] = useState(Math.min(last, Math.max(first, queryNumber("day") ?? first)));
  const [playing, setPlaying] = useState(false);
  useEffect(() => setQuery({ day: day === first ? null : day }), [day]);
  useDayKeys(first, last, setDay, () => setPlaying((now) => !now));
  const files = (name: string): string => `/api/results/${forecast.id}/files/${name}`;
  const picture = told.files["picture"];
  return (
    <>
      <div class="forecast-middle">
        <Scene told={told} forecast={forecast} drawing={drawing} day={day} />
        <Days first={first} last={last} day={day} onDay={setDay} playing={playing} onPlay={setPlaying} />
        <Chart band={band} day={day} onDay={setDay} others={told.what_if.map((one) => ({ name: one.name, p50: one.volume_ml.p50 }))} />
      </div>
      <aside class="forecast-side" aria-label={say("forecast.known")}>
        <Now band={band} day={day} today={told.target.volume_ml} name={told.target.name} />
        {told.what_if.length > 0 && (
          <ul class="forecast-ifs">
            {told.what_if.map((one, k) => (
              <li key={one.name}>
                <span class={`swatch chart-other-${k}`} />
                {one.name}: {number(at(told.days, one.volume_ml.p50, day), 1)} ml
              </li>
            ))}
          </ul>
        )}
        <Know told={told} />
        {typeof picture === "string" && (
          <p>
            <a href={files(picture)} target="_blank" rel="noopener">
              {say("forecast.picture")}
            </a>
          </p>
        )}
      </aside>
    </>
  );
}

/** The figures of the day, said aloud when it changes. */
function Now({ band, day, today, name }: { band: Band; day: number; today: number; name: string }): JSX.Element {
  const [p10, p50, p90] = [band.p10, band.p50, band.p90].map((row) => number(at(band.days, row, day), 1));
  return (
    <div class="forecast-now" role="status" aria-live="polite" aria-atomic="true">
      <span>{say("forecast.on_day", { n: number(day), name })}</span>
      <strong>{p50} ml</strong>
      <span>{say("forecast.band", { p10: p10 ?? "", p90: p90 ?? "" })}</span>
      <small>{say("forecast.today", { ml: number(today, 1) })}</small>
    </div>
  );
}

function Scene({ told, forecast, drawing, day }: { told: ForecastTold; forecast: Result; drawing: Drawing; day: number }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [growing, setGrowing] = useState<Growing | null>(null);
  const shape = told.files["shape"];
  useEffect(() => {
    if (!canvas.current || typeof shape !== "string") {
      pageReady();
      return undefined;
    }
    let made: Growing | null = null;
    openScene(canvas.current, `/api/results/${forecast.id}/files/${shape}`, drawing.id, told.target.id).then((one) => {
      made = one;
      setGrowing(one);
      pageReady();
    }, fail);
    return () => made?.dispose();
  }, [forecast.id]);
  useEffect(() => growing?.show(day), [growing, day]);
  if (typeof shape !== "string") return <p class="hint">{say("forecast.no_shape")}</p>;
  return (
    <div class="forecast-scene">
      <canvas ref={canvas} tabIndex={0} aria-label={say("forecast.canvas", { n: number(day) })} />
      <ul class="forecast-shares">
        {[90, 50, 10].map((share) => (
          <li key={share}>
            <span class={`swatch share-${share}`} />
            {say("forecast.share", { n: share })}
          </li>
        ))}
      </ul>
    </div>
  );
}

async function openScene(canvas: HTMLCanvasElement, growth: string, drawing: string, target: string): Promise<Growing> {
  const [{ Growing: Shape }, { Turn }, { boxOf }] = await Promise.all([
    import("../../render/forecasting/growing"),
    import("../../tools/turn"),
    import("../../render/surfaces"),
  ]);
  const scene = api.bytes(`/api/results/${drawing}/files/scene.glb`).then(
    (one) => one.data,
    () => null, // a drawing without a scene: the lesion stands alone
  );
  const made = await Shape.open(canvas, (await api.bytes(growth)).data, await scene, target);
  const turn = new Turn(made.stage);
  turn.look("anterior");
  turn.focus(boxOf(made.last));
  Object.assign(canvas, { limner: { growing: made } });
  return made;
}

function useDayKeys(first: number, last: number, setDay: (change: (day: number) => number) => void, play: () => void): void {
  const by = (step: number) => () => setDay((day) => Math.min(last, Math.max(first, day + step)));
  useKeys(say("forecast.title"), [
    { key: "ArrowRight", label: say("forecast.key_later"), run: by(1) },
    { key: "ArrowLeft", label: say("forecast.key_sooner"), run: by(-1) },
    { key: "PageUp", label: say("forecast.key_month"), run: by(30) },
    { key: "PageDown", label: say("forecast.key_month"), run: by(-30), hidden: true },
    { key: "Home", label: say("forecast.key_today"), run: by(first - last) },
    { key: "End", label: say("forecast.key_last"), run: by(last - first) },
    { key: " ", label: say("forecast.play"), run: play },
  ]);
}

const table = { csv: "", answer: null as Table | null, listeners: new Set<() => void>() };

/** Volumes over time: readings are typed, or taken from the patient's drawings. */
function VolumesSide({ earlier, drawing }: { earlier: readonly Earlier[]; drawing: Drawing }): JSX.Element {
  const opening = useMemo(() => readingsFrom(earlier, drawing), [earlier, drawing]);
  return (
    <Volumes
      key={opening}
      opening={opening}
      onTable={async (csv) => {
        table.csv = csv;
        table.answer = await api.post<Table>("/api/forecasts/volumes", { csv });
        for (const listener of table.listeners) listener();
      }}
    />
  );
}

function OverTime(): JSX.Element {
  const [answer, setAnswer] = useState<Table | null>(table.answer);
  const [day, setDay] = useState(0);
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    const listener = (): void => {
      setAnswer(table.answer);
      setDay(table.answer?.readings.at(-1)?.day ?? 0);
    };
    table.listeners.add(listener);
    return () => void table.listeners.delete(listener);
  }, []);
  if (!answer?.forecasts.length) return <p class="forecast-none">{say("forecast.volumes_none")}</p>;
  const measured = answer.readings.at(-1)!;
  const band: Band = {
    days: [measured.day, ...answer.forecasts.map((one) => one.day)],
    p10: [measured.volume_ml, ...answer.forecasts.map((one) => one.p10)],
    p50: [measured.volume_ml, ...answer.forecasts.map((one) => one.p50)],
    p90: [measured.volume_ml, ...answer.forecasts.map((one) => one.p90)],
  };
  const last = band.days.at(-1)!;
  return (
    <>
      <div class="forecast-middle">
        <Chart band={band} readings={answer.readings} day={day} onDay={setDay} />
        <Days first={measured.day} last={last} day={Math.max(day, measured.day)} onDay={setDay} playing={playing} onPlay={setPlaying} />
      </div>
      <aside class="forecast-side" aria-label={say("forecast.known")}>
        <Now band={band} day={Math.max(day, measured.day)} today={measured.volume_ml} name={say("forecast.lesion")} />
        <div class="note note-warn">
          <div>
            <strong>{say("forecast.of_others", { n: answer.learned_from.patients })}</strong>
            <p>{answer.learned_from.source}</p>
          </div>
        </div>
        <ul class="forecast-problems">
          {answer.problems.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
        <p class="hint">{say("forecast.model", { name: answer.forecasts[0]!.model })}</p>
      </aside>
    </>
  );
}

/** Drawings of other studies of the same patient that the reader may see, the oldest first. */
function useEarlier(drawing: Drawing): readonly Earlier[] {
  const [found, setFound] = useState<readonly Earlier[]>([]);
  const study = drawing.study_id;
  useEffect(() => {
    if (!study) return;
    void priorDrawings(study).then(setFound, () => setFound([])); // without priors one sees once
  }, [study]);
  return found;
}

async function priorDrawings(study: string): Promise<readonly Earlier[]> {
  const priors = await api.get<List<{ readonly id: string; readonly date: string }>>(`/api/studies/${study}/priors`);
  const details = await Promise.all(priors.items.map((one) => api.get<StudyDetail>(`/api/studies/${one.id}`)));
  const rows = details.flatMap((one) => {
    const newest = resultsOf(one, "drawing")[0];
    return newest ? [{ result: newest, date: isoDate(one.date) }] : [];
  });
  return rows.sort((a, b) => a.date.localeCompare(b.date));
}

/** The largest lesion of each drawing by its date; a day each, counted from the first. */
function readingsFrom(earlier: readonly Earlier[], drawing: Drawing): string {
  const now = { result: drawing as Result, date: isoDate(openStudy.value?.date ?? "") };
  const rows = [...earlier, now].flatMap((one) => {
    const volume = largest(one.result);
    const time = Date.parse(one.date);
    return volume === null || Number.isNaN(time) ? [] : [{ time, volume }];
  });
  rows.sort((a, b) => a.time - b.time);
  const start = rows[0]?.time ?? 0;
  return rows.map((one) => `${Math.round((one.time - start) / 86_400_000)}, ${one.volume}`).join("\n");
}

function largest(result: Result): number | null {
  const findings = (result as { drawing?: { findings?: readonly { kind: string; measurements?: readonly { name: string; value: number }[] }[] } }).drawing?.findings ?? [];
  const volumes = findings
    .filter((one) => one.kind === "lesion")
    .flatMap((one) => one.measurements?.filter((row) => row.name === "volume").map((row) => row.value) ?? []);
  return volumes.length ? Math.max(...volumes) : null;
}
