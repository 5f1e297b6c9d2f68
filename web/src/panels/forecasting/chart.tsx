// A lesion's volume over days: what was measured, what may come with its band, and the day that is looked at.
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { number } from "../../model/format";
import { at, type Band, type Reading, ticks } from "../../model/forecasting/curve";
import { say } from "../../model/words";

const ROOM = { width: 640, height: 300, rem: 16 };

interface ChartProps {
  readonly band: Band;
  readonly readings?: readonly Reading[];
  /** Median lines of other conditions. */
  readonly others?: readonly { readonly name: string; readonly p50: readonly number[] }[];
  readonly day: number;
  readonly onDay: (day: number) => void;
}

export function Chart({ band, readings = [], others = [], day, onDay }: ChartProps): JSX.Element {
  const svg = useRef<SVGSVGElement>(null);
  const { width, height, rem } = useRoom(svg);
  const edge = { left: 3.5 * rem, right: rem, top: 0.9 * rem, bottom: 2.6 * rem };
  const all = [...band.days, ...readings.map((one) => one.day)];
  const [first, last] = [Math.min(...all), Math.max(...all)];
  const highest = Math.max(1e-3, ...band.p90, ...readings.map((one) => one.volume_ml), ...others.flatMap((one) => one.p50));
  const x = (value: number): number => edge.left + ((width - edge.left - edge.right) * (value - first)) / Math.max(1e-9, last - first);
  const y = (value: number): number => height - edge.bottom - ((height - edge.top - edge.bottom) * value) / (1.05 * highest);
  const line = (values: readonly number[]): string => values.map((value, k) => `${k ? "L" : "M"}${x(band.days[k]!).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const back = [...band.days.keys()].reverse().map((k) => `L${x(band.days[k]!).toFixed(1)} ${y(band.p10[k]!).toFixed(1)}`);
  const now = { p10: at(band.days, band.p10, day), p50: at(band.days, band.p50, day), p90: at(band.days, band.p90, day) };
  const pick = (event: PointerEvent): void => {
    if (event.type === "pointermove" && event.buttons !== 1) return;
    const box = (event.currentTarget as SVGSVGElement).getBoundingClientRect();
    const there = event.clientX - box.left;
    const share = (there - edge.left) / (width - edge.left - edge.right);
    onDay(Math.round(Math.min(last, Math.max(first, first + share * (last - first)))));
  };
  const told = { day: number(day), p10: number(now.p10, 1), p50: number(now.p50, 1), p90: number(now.p90, 1) };
  return (
    <svg ref={svg} class="chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={say("forecast.chart", told)} onPointerDown={pick} onPointerMove={pick}>
      {ticks(0, 1.02 * highest, 4).map((value) => (
        <g key={value}>
          <line class="chart-grid" x1={edge.left} x2={width - edge.right} y1={y(value)} y2={y(value)} />
          <text class="chart-tick" x={edge.left - 0.5 * rem} y={y(value) + 0.25 * rem} text-anchor="end">
            {number(value, highest < 5 ? 1 : 0)}
          </text>
        </g>
      ))}
      {ticks(first, last, 6).map((value) => (
        <text key={value} class="chart-tick" x={x(value)} y={height - edge.bottom + 1.1 * rem} text-anchor="middle">
          {number(value)}
        </text>
      ))}
      <text class="chart-name" x={edge.left - 2.75 * rem} y={edge.top + 0.1 * rem}>
        ml
      </text>
      <text class="chart-name" x={width - edge.right} y={height - 0.4 * rem} text-anchor="end">
        {say(readings.length ? "forecast.days_plain" : "forecast.days")}
      </text>
      <path class="chart-band" d={`${line(band.p90)}${back.join("")}Z`} />
      {others.map((one, k) => (
        <path key={one.name} class={`chart-other chart-other-${k}`} d={line(one.p50)} />
      ))}
      <path class="chart-line" d={line(band.p50)} />
      {readings.length > 1 && <path class="chart-read" d={readings.map((one, k) => `${k ? "L" : "M"}${x(one.day)} ${y(one.volume_ml)}`).join("")} />}
      {readings.map((one) => (
        <circle key={one.day} class="chart-reading" cx={x(one.day)} cy={y(one.volume_ml)} r={0.28 * rem} />
      ))}
      {day >= band.days[0]! && (
        <g class="chart-marker" data-day={day}>
          <line x1={x(day)} x2={x(day)} y1={edge.top} y2={height - edge.bottom} />
          <line class="chart-marker-band" x1={x(day)} x2={x(day)} y1={y(now.p90)} y2={y(now.p10)} />
          <circle cx={x(day)} cy={y(now.p50)} r={0.31 * rem} />
        </g>
      )}
    </svg>
  );
}

/** The chart fills its place, pixel for pixel, so that its letters are as large as those beside it. */
function useRoom(svg: { readonly current: SVGSVGElement | null }): typeof ROOM {
  const [room, setRoom] = useState(ROOM);
  useLayoutEffect(() => {
    if (!svg.current) return undefined;
    const measured = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      if (width > 0 && height > 0) setRoom({ width: Math.round(width), height: Math.round(height), rem });
    });
    measured.observe(svg.current);
    return () => measured.disconnect();
  }, []);
  return room;
}
