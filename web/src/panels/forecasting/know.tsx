// What is known and what is not: said before any curve is believed.
import type { JSX } from "preact";
import { number } from "../../model/format";
import type { ForecastTold } from "../../model/forecasting/curve";
import { phrase, say, sayOr } from "../../model/words";
import { Note } from "../bits";

export function Know({ told }: { told: ForecastTold }): JSX.Element {
  return (
    <>
      <Note kind="warn">
        <strong>{say(told.seen.times > 1 ? "forecast.seen_twice" : "forecast.seen_once")}</strong>
        <p>{say("forecast.not_the_patients")}</p>
      </Note>
      {told.warnings.length > 0 && (
        <details class="forecast-more">
          <summary>{say("forecast.limits", { n: told.warnings.length })}</summary>
          <ul>
            {told.warnings.map((one) => (
              <li key={one}>{phrase(one)}</li>
            ))}
          </ul>
        </details>
      )}
      <section aria-label={say("forecast.genes")}>
        <h2>{say("forecast.genes")}</h2>
        {told.genes.length === 0 && <p class="hint">{say("forecast.no_genes")}</p>}
        <ul class="forecast-genes">
          {told.genes.map((one) => (
            <li key={`${one.name} ${one.effect}`}>
              <strong>{one.name}</strong> {phrase(one.effect)} <small>{phrase(one.source)}</small>
            </li>
          ))}
        </ul>
        {told.switches.treatment && (
          <p>
            <strong>{phrase(told.switches.treatment.name)}</strong> {phrase(told.switches.treatment.effect)}
          </p>
        )}
      </section>
      <details class="forecast-more">
        <summary>{say("forecast.parameters")}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{say("forecast.parameter")}</th>
              <th scope="col">{say("forecast.value")}</th>
              <th scope="col">{say("forecast.told_by")}</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(told.parameters).map(([name, one]) => (
              <tr key={name}>
                <th scope="row">{sayOr(`forecast.parameter_${name}`, name)}</th>
                <td>
                  {short(one.value)} ({short(one.low)}–{short(one.high)}) {phrase(one.unit)}
                </td>
                <td>{phrase(one.told_by)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <p class="hint">{phrase(told.prior.source)}</p>
      </details>
    </>
  );
}

const short = (value: number): string => (Math.abs(value) >= 0.1 ? number(value, 2) : value.toPrecision(2));
