// The day that is looked at: dragged, stepped by keys, or played.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { number } from "../../model/format";
import { say } from "../../model/words";

const WHOLE_MS = 9000;

interface DaysProps {
  readonly first: number;
  readonly last: number;
  readonly day: number;
  readonly onDay: (day: number) => void;
  readonly playing: boolean;
  readonly onPlay: (playing: boolean) => void;
}

export function Days({ first, last, day, onDay, playing, onPlay }: DaysProps): JSX.Element {
  const [start, setStart] = useState<{ at: number; day: number } | null>(null);
  useEffect(() => {
    if (!playing) return setStart(null);
    setStart({ at: performance.now(), day: day >= last ? first : day });
    return undefined;
  }, [playing]);
  useEffect(() => {
    if (!start) return undefined;
    let frame = 0;
    const tick = (): void => {
      const there = start.day + ((performance.now() - start.at) / WHOLE_MS) * (last - first);
      onDay(Math.round(Math.min(last, there)));
      if (there >= last) return onPlay(false);
      frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(frame);
  }, [start]);
  return (
    <div class="days">
      <button type="button" aria-pressed={playing} onClick={() => onPlay(!playing)}>
        {say(playing ? "forecast.pause" : "forecast.play")}
      </button>
      <input
        type="range"
        min={first}
        max={last}
        step="1"
        value={day}
        aria-label={say("forecast.day")}
        aria-valuetext={say("forecast.day_n", { n: number(day) })}
        onInput={(event) => {
          onPlay(false);
          onDay(Number(event.currentTarget.value));
        }}
      />
      <output>{say("forecast.day_n", { n: number(day) })}</output>
    </div>
  );
}
