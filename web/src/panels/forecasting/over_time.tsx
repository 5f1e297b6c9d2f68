// Volumes over time: readings, and what readings of others that began alike came to.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Band, Reading } from "../../model/forecasting/curve";
import { phrase, say } from "../../model/words";
import { Note } from "../bits";
import { Chart } from "./chart";
import { Now } from "./now";
import { Days } from "./slider";

/** What `POST /api/forecasts/volumes` answers. */
export interface Table {
  readonly forecasts: readonly { readonly day: number; readonly p10: number; readonly p50: number; readonly p90: number; readonly model: string }[];
  readonly readings: readonly Reading[];
  readonly problems: readonly string[];
  readonly learned_from: { readonly source: string; readonly patients: number };
}

export function OverTime({ answer }: { answer: Table | null }): JSX.Element {
  const measured = answer?.readings.at(-1);
  const [day, setDay] = useState(measured?.day ?? 0);
  const [playing, setPlaying] = useState(false);
  useEffect(() => setDay(answer?.forecasts.at(-1)?.day ?? 0), [answer]); // what was asked for: how it ends
  if (!answer?.forecasts.length || !measured) return <p class="forecast-none">{say("forecast.volumes_none")}</p>;
  const from = (key: "p10" | "p50" | "p90"): readonly number[] => [measured.volume_ml, ...answer.forecasts.map((one) => one[key])];
  const band: Band = { days: [measured.day, ...answer.forecasts.map((one) => one.day)], p10: from("p10"), p50: from("p50"), p90: from("p90") };
  const last = band.days.at(-1) ?? measured.day;
  const now = Math.max(day, measured.day);
  return (
    <>
      <div class="forecast-middle">
        <Chart band={band} readings={answer.readings} day={day} onDay={setDay} />
        <Days first={measured.day} last={last} day={now} onDay={setDay} playing={playing} onPlay={setPlaying} />
      </div>
      <aside class="forecast-side" aria-label={say("forecast.known")}>
        <Now band={band} day={now} today_ml={measured.volume_ml} name={say("forecast.lesion")} measured />
        <Note kind="warn">
          <strong>{say("forecast.of_others", { n: answer.learned_from.patients })}</strong>
          <p>{phrase(answer.learned_from.source)}</p>
        </Note>
        <ul class="forecast-problems">
          {answer.problems.map((one) => (
            <li key={one}>{phrase(one)}</li>
          ))}
        </ul>
        <p class="hint">{say("forecast.model", { name: phrase(answer.forecasts[0]?.model ?? "") })}</p>
      </aside>
    </>
  );
}
