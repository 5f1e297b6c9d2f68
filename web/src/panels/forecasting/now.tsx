// The figures of the day that is looked at, said aloud when it changes.
import type { JSX } from "preact";
import { number } from "../../model/format";
import { at, type Band } from "../../model/forecasting/curve";
import { say } from "../../model/words";

interface NowProps {
  readonly band: Band;
  readonly day: number;
  readonly today_ml: number;
  readonly name: string;
  /** Of a lesion that was measured rather than drawn. */
  readonly measured?: boolean;
}

export function Now({ band, day, today_ml, name, measured = false }: NowProps): JSX.Element {
  const [p10, p50, p90] = [band.p10, band.p50, band.p90].map((row) => number(at(band.days, row, day), 1));
  return (
    <div class="forecast-now" role="status" aria-live="polite" aria-atomic="true">
      <span>{say("forecast.on_day", { n: number(day), name })}</span>
      <strong>{p50} ml</strong>
      <span>{say("forecast.band", { p10: p10 ?? "", p90: p90 ?? "" })}</span>
      <small>{say(measured ? "forecast.measured" : "forecast.today", { ml: number(today_ml, 1) })}</small>
    </div>
  );
}
