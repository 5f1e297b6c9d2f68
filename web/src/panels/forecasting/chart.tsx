// A lesion's volume over days: what was measured, what may come with its band, and the day that is looked at.
import type { JSX } from "preact";
import { number } from "../../model/format";
import { at, type Band, type Reading, ticks } from "../../model/forecasting/curve";
import { say } from "../../model/words";

const [WIDTH, HEIGHT] = [640, 300];
const EDGE = { left: 56, right: 16, top: 14, bottom: 40 };

interface ChartProps {
  readonly band: Band;
  readonly readings?: readonly Reading[];
  /** Median lines of other conditions. */
  readonly others?: readonly { readonly name: string; readonly p50: readonly number[] }[];
  readonly day: number;
  readonly onDay: (day: number) => void;
}

export function Chart({ band, readings = [], others = [], day, onDay }: ChartProps): JSX.Element {
  const all = [...band.days, ...readings.map((one) => one.day)];
  const [first, last] = [Math.min(...all), Math.max(...all)];
  const highest = Math.max(1e-3, ...band.p90, ...readings.map((one) => one.volume_ml), ...others.flatMap((one) => one.p50));
  const x = (value: number): number => EDGE.left + ((WIDTH - EDGE.left - EDGE.right) * (value - first)) / Math.max(1e-9, last - first);
  const y = (value: number): number => HEIGHT - EDGE.bottom - ((HEIGHT - EDGE.top - EDGE.bottom) * value) / (1.05 * highest);
  const line = (values: readonly number[]): string => values.map((value, k) => `${k ? "L" : "M"}${x(band.days[k]!).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const back = [...band.days.keys()].reverse().map((k) => `L${x(band.days[k]!).toFixed(1)} ${y(band.p10[k]!).toFixed(1)}`);
  const now = { p10: at(band.days, band.p10, day), p50: at(band.days, band.p50, day), p90: at(band.days, band.p90, day) };
  const pick = (event: PointerEvent): void => {
    if (event.type === "pointermove" && event.buttons !== 1) return;
    const box = (event.currentTarget as SVGSVGElement).getBoundingClientRect();
    const there = ((event.clientX - box.left) / box.width) * WIDTH;
    const share = (there - EDGE.left) / (WIDTH - EDGE.left - EDGE.right);
    onDay(Math.round(Math.min(last, Math.max(first, first + share * (last - first)))));
  };
  const told = { day: number(day), p10: number(now.p10, 1), p50: number(now.p50, 1), p90: number(now.p90, 1) };
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={say("forecast.chart", told)} onPointerDown={pick} onPointerMove={pick}>
      {ticks(0, 1.02 * highest, 4).map((value) => (
        <g key={value}>
          <line class="chart-grid" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y(value)} y2={y(value)} />
          <text class="chart-tick" x={EDGE.left - 8} y={y(value) + 4} text-anchor="end">
            {number(value, highest < 5 ? 1 : 0)}
          </text>
        </g>
      ))}
      {ticks(first, last, 6).map((value) => (
        <text key={value} class="chart-tick" x={x(value)} y={HEIGHT - EDGE.bottom + 18} text-anchor="middle">
          {number(value)}
        </text>
      ))}
      <text class="chart-name" x={EDGE.left - 44} y={EDGE.top + 2}>
        ml
      </text>
      <text class="chart-name" x={WIDTH - EDGE.right} y={HEIGHT - 6} text-anchor="end">
        {say(readings.length ? "forecast.days_plain" : "forecast.days")}
      </text>
      <path class="chart-band" d={`${line(band.p90)}${back.join("")}Z`} />
      {others.map((one, k) => (
        <path key={one.name} class={`chart-other chart-other-${k}`} d={line(one.p50)} />
      ))}
      <path class="chart-line" d={line(band.p50)} />
      {readings.map((one) => (
        <circle key={one.day} class="chart-reading" cx={x(one.day)} cy={y(one.volume_ml)} r={4.5} />
      ))}
      {day >= band.days[0]! && (
        <g class="chart-marker" data-day={day}>
          <line x1={x(day)} x2={x(day)} y1={EDGE.top} y2={HEIGHT - EDGE.bottom} />
          <line class="chart-marker-band" x1={x(day)} x2={x(day)} y1={y(now.p90)} y2={y(now.p10)} />
          <circle cx={x(day)} cy={y(now.p50)} r={5} />
        </g>
      )}
    </svg>
  );
}
