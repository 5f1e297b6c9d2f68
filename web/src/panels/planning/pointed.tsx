// Beside the pointer, while the map is shown: may a needle enter here, and why not.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Signal } from "@preact/signals";
import type { Bench } from "../../tools/planning/bench";
import { underWords } from "./legend";

const AWAY_PX = 16;

interface PointedProps {
  readonly bench: Bench;
  readonly map: Signal<boolean>;
  readonly under: Signal<number | null>;
}

export function Pointed({ bench, map, under }: PointedProps): JSX.Element | null {
  const tip = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const stage = tip.current?.parentElement;
    if (!stage) return;
    const follow = (event: PointerEvent): void => {
      const [box, own] = [stage.getBoundingClientRect(), tip.current];
      if (!own) return;
      const left = Math.min(event.clientX - box.left + AWAY_PX, box.width - own.offsetWidth);
      own.style.translate = `${Math.max(0, left)}px ${event.clientY - box.top + AWAY_PX}px`;
    };
    stage.addEventListener("pointermove", follow);
    return () => stage.removeEventListener("pointermove", follow);
  }, []);
  const code = map.value && bench.mode.value === "needle" ? under.value : null;
  return (
    <div ref={tip} class={`plan-pointed ${code === 0 ? "safe" : "refused"}`} hidden={code === null} aria-hidden="true">
      {code === null ? "" : underWords(bench, code)}
    </div>
  );
}
