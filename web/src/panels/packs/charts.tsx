// Two pictures of how good a pack is: figures with their intervals, and how far its probabilities can be believed.
import type { JSX } from "preact";
import { number, percent } from "../../model/format";
import { calibrationOf, type Figure, type Headline, isShare, type Pack } from "../../model/pack";
import { phrase, say, sayOr } from "../../model/words";
import { TableBox } from "../bits";

export function metricName(metric: string): string {
  return sayOr(`metric.${metric}`, metric.replaceAll("_", " "));
}

function told(one: Headline): string {
  const { value, low, high } = one.interval;
  const range = low !== null && high !== null ? ` (${number(low, 2)}–${number(high, 2)})` : "";
  return `${number(value ?? 0, 2)}${range}`;
}

/** One figure as a bar with its interval; the tick is the baseline. */
export function Bar({ one }: { one: Headline }): JSX.Element | null {
  const { value, low, high } = one.interval;
  if (value === null || !isShare(one.metric)) return null;
  const at = (share: number): number => 2 + 96 * Math.min(1, Math.max(0, share));
  const base = one.figure.baseline?.[one.metric];
  return (
    <svg class="figure-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <line class="bar-track" x1="2" x2="98" y1="5" y2="5" />
      {low !== null && high !== null && <line class="bar-range" x1={at(low)} x2={at(high)} y1="5" y2="5" />}
      {typeof base === "number" && <line class="bar-base" x1={at(base)} x2={at(base)} y1="1" y2="9" />}
      <line class="bar-value" x1={at(value)} x2={at(value)} y1="0.5" y2="9.5" />
    </svg>
  );
}

export function FigureTable({ rows }: { rows: readonly Headline[] }): JSX.Element {
  return (
    <TableBox label={say("packs.figures")}>
      <table class="list figures">
        <thead>
          <tr>
            <th scope="col">{say("packs.what")}</th>
            <th scope="col">{say("packs.metric")}</th>
            <th scope="col" class="number">
              {say("packs.value")}
            </th>
            <th scope="col">
              <span class="scale" aria-hidden="true">
                <span>0</span>
                <span>1</span>
              </span>
              <span class="sr-only">{say("packs.picture")}</span>
            </th>
            <th scope="col">{say("packs.measured_on")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one, n) => (
            <tr key={n}>
              <th scope="row">{one.figure.region === "all" ? say("packs.all") : phrase(one.figure.region)}</th>
              <td>{metricName(one.metric)}</td>
              <td class="number nowrap">{told(one)}</td>
              <td class="bar-cell">
                <Bar one={one} />
              </td>
              <td class="muted nowrap">{measured(one.figure)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

function measured(figure: Figure): string {
  return `${figure.data} · n = ${number(figure.n)}`;
}

/** Calibration error with its interval, beside what chance alone gives a perfectly calibrated net on as many cases. */
export function Reliability({ pack }: { pack: Pack }): JSX.Element | null {
  const rows = calibrationOf(pack);
  if (rows.length === 0) return null;
  const most = Math.max(0.05, ...rows.flatMap(({ ece }) => [ece.ece ?? 0, ece.ece_high ?? 0, ece.ece_expected_high ?? 0, ece.ece_uncalibrated ?? 0]));
  const end = Math.ceil(most * 20) / 20;
  return (
    <figure class="reliability">
      <figcaption>
        <h3>{say("packs.reliability")}</h3>
        <p class="muted small-text">{say("packs.reliability_text")}</p>
      </figcaption>
      {rows.map(({ figure, ece }, n) => (
        <div key={n} class="reliability-row">
          <span class="small-text">{figure.region === "all" ? measured(figure) : `${phrase(figure.region)} · ${measured(figure)}`}</span>
          <Calibration ece={ece} end={end} />
          <span class="small-text">
            {say("packs.ece", { value: number(ece.ece ?? 0, 3) })}
            {typeof ece.answered === "number" && ` · ${say("packs.answered", { share: percent(ece.answered) })}`}
            {typeof ece.accuracy_of_answered === "number" && ` · ${say("packs.right", { share: percent(ece.accuracy_of_answered) })}`}
            {typeof ece.dice_of_answered === "number" && ` · ${say("packs.dice_answered", { value: number(ece.dice_of_answered, 2) })}`}
          </span>
        </div>
      ))}
      <Legend />
    </figure>
  );
}

function Calibration({ ece, end }: { ece: Readonly<Record<string, number>>; end: number }): JSX.Element {
  const at = (value: number | undefined): number => 2 + (236 * Math.min(end, value ?? 0)) / end;
  const { ece_expected_low: from, ece_expected_high: to, ece_low: low, ece_high: high, ece_uncalibrated: before } = ece;
  const label = say("packs.ece_label", {
    value: number(ece.ece ?? 0, 3),
    low: number(low ?? 0, 3),
    high: number(high ?? 0, 3),
    from: number(from ?? 0, 3),
    to: number(to ?? 0, 3),
  });
  return (
    <svg class="calibration" viewBox="0 0 240 34" role="img" aria-label={label}>
      {from !== undefined && to !== undefined && <rect class="expected" x={at(from)} y="2" width={Math.max(1.5, at(to) - at(from))} height="18" rx="2" />}
      <line class="bar-track" x1="2" x2="238" y1="11" y2="11" />
      {low !== undefined && high !== undefined && <line class="bar-range" x1={at(low)} x2={at(high)} y1="11" y2="11" />}
      {before !== undefined && <circle class="before" cx={at(before)} cy="11" r="4" />}
      <circle class="now" cx={at(ece.ece)} cy="11" r="4.5" />
      <text x="2" y="32">
        0
      </text>
      <text x="238" y="32" text-anchor="end">
        {number(end, 2)}
      </text>
    </svg>
  );
}

function Legend(): JSX.Element {
  return (
    <ul class="legend small-text muted">
      <li>
        <svg viewBox="0 0 16 10" aria-hidden="true">
          <circle class="now" cx="8" cy="5" r="4" />
        </svg>
        {say("packs.legend_now")}
      </li>
      <li>
        <svg viewBox="0 0 16 10" aria-hidden="true">
          <circle class="before" cx="8" cy="5" r="3.6" />
        </svg>
        {say("packs.legend_before")}
      </li>
      <li>
        <svg viewBox="0 0 16 10" aria-hidden="true">
          <rect class="expected" x="0" y="0" width="16" height="10" rx="2" />
        </svg>
        {say("packs.legend_expected")}
      </li>
    </ul>
  );
}
