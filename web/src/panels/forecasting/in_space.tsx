// A forecast in the patient's own anatomy: the lesion grows with the day, beside its curve.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { Result, ResultWhole } from "../../api/types";
import { at, bandOf, type ForecastTold } from "../../model/forecasting/curve";
import { number } from "../../model/format";
import { pageReady, queryNumber, setQuery } from "../../model/place";
import { fail } from "../../model/toasts";
import { phrase, say } from "../../model/words";
import type { Growing } from "../../render/forecasting/growing";
import { useKeys } from "../../tools/keys";
import { Waiting } from "../bits";
import { Chart } from "./chart";
import { Know } from "./know";
import { Now } from "./now";
import { Days } from "./slider";

interface InSpaceProps {
  readonly forecast: Result;
  readonly drawing: Pick<ResultWhole, "id" | "files">;
}

export function InSpace({ forecast, drawing }: InSpaceProps): JSX.Element {
  const [told, setTold] = useState<ForecastTold | null>(null);
  useEffect(() => {
    api.get<ForecastTold>(`/api/results/${forecast.id}/files/forecast.json`).then(setTold, fail);
  }, [forecast.id]);
  return told ? <Told told={told} forecast={forecast} drawing={drawing} /> : <Waiting />;
}

function Told({ told, forecast, drawing }: InSpaceProps & { told: ForecastTold }): JSX.Element {
  const band = useMemo(() => bandOf(told), [told]);
  const [first, last] = [told.days[0] ?? 0, told.days.at(-1) ?? 0];
  const [day, setDay] = useState(Math.min(last, Math.max(first, queryNumber("day") ?? first)));
  const [playing, setPlaying] = useState(false);
  useEffect(() => setQuery({ day: day === first ? null : day }), [day]);
  useDayKeys(first, last, setDay, () => setPlaying((now) => !now));
  const picture = told.files["picture"];
  return (
    <>
      <div class="forecast-middle">
        <Scene told={told} forecast={forecast} drawing={drawing} day={day} />
        <Days first={first} last={last} day={day} onDay={setDay} playing={playing} onPlay={setPlaying} />
        <Chart band={band} day={day} onDay={setDay} others={told.what_if.map((one) => ({ name: phrase(one.name), p50: one.volume_ml.p50 }))} />
      </div>
      <aside class="forecast-side" aria-label={say("forecast.known")}>
        <Now band={band} day={day} today_ml={told.target.volume_ml} name={phrase(told.target.name)} />
        <ul class="forecast-ifs">
          {told.what_if.map((one, k) => (
            <li key={one.name}>
              <span class={`swatch chart-other-${k}`} />
              {phrase(one.name)}: {number(at(told.days, one.volume_ml.p50, day), 1)} ml
            </li>
          ))}
        </ul>
        <Know told={told} />
        {typeof picture === "string" && (
          <p>
            <a href={`/api/results/${forecast.id}/files/${picture}`} target="_blank" rel="noopener">
              {say("forecast.picture")}
            </a>
          </p>
        )}
      </aside>
    </>
  );
}

function Scene({ told, forecast, drawing, day }: InSpaceProps & { told: ForecastTold; day: number }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [growing, setGrowing] = useState<Growing | null>(null);
  const shape = told.files["shape"];
  useEffect(() => {
    if (!canvas.current || typeof shape !== "string") {
      pageReady();
      return undefined;
    }
    let made: Growing | null = null;
    openScene(canvas.current, `/api/results/${forecast.id}/files/${shape}`, drawing, told.target.id).then((one) => {
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
      {!growing && <Waiting />}
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

async function openScene(canvas: HTMLCanvasElement, growth: string, drawing: Pick<ResultWhole, "id" | "files">, target: string): Promise<Growing> {
  const [{ Growing: Shape }, { Turn }, { boxOf }] = await Promise.all([
    import("../../render/forecasting/growing"),
    import("../../tools/turn"),
    import("../../render/surfaces"),
  ]);
  // in a drawing without a scene the lesion stands alone
  const scene = drawing.files.includes("scene.glb") ? api.bytes(`/api/results/${drawing.id}/files/scene.glb`).then((one) => one.data) : null;
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
