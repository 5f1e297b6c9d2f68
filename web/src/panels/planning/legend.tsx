// Where a needle may enter, and why not elsewhere: the map on the skin with its legend.
import type { JSX } from "preact";
import type { Signal } from "@preact/signals";
import { number } from "../../model/format";
import { say } from "../../model/words";
import type { Bench } from "../../tools/planning/bench";
import { reasonName } from "./figures";

/** As `serve/desk/planner.py` paints the skin. */
export const REASON_COLORS: Readonly<Record<string, string>> = {
  "outside the scan": "rgb(98 104 116)",
  table: "rgb(120 112 142)",
  length: "rgb(86 128 178)",
  angle: "rgb(60 152 170)",
  "leaves the body": "rgb(146 128 96)",
  bone: "rgb(226 216 186)",
  lung: "rgb(120 178 226)",
  vessel: "rgb(214 86 86)",
  organ: "rgb(222 150 74)",
  lesion: "rgb(186 92 170)",
};
const OPEN = "rgb(74 178 128)";

interface LegendProps {
  readonly bench: Bench;
  readonly map: Signal<boolean>;
  /** Code of the place of the skin under the pointer; null beside it. */
  readonly under: Signal<number | null>;
}

export function Legend({ bench, map, under }: LegendProps): JSX.Element | null {
  const needles = bench.state.value?.needles;
  if (!needles) return null;
  const total = needles.open_entries + needles.refused.reduce((sum, one) => sum + one.count, 0);
  const share = (count: number): string => {
    const percent = (100 * count) / Math.max(1, total);
    return percent > 0 && percent < 1 ? "< 1 %" : `${number(percent)} %`;
  };
  return (
    <section class="plan-legend" aria-label={say("plan.map")}>
      <label class="switch">
        <input type="checkbox" checked={map.value} onChange={() => (map.value = !map.value)} />
        {say("plan.map")}
      </label>
      {map.value && (
        <>
          <ul>
            <Item color={OPEN} name={say("plan.open_entry")} share={share(needles.open_entries)} />
            {needles.refused.map((one) => (
              <Item
                key={`${one.reason} ${one.structure}`}
                color={REASON_COLORS[one.reason] ?? "rgb(150 150 150)"}
                name={reasonName(one.reason, one.structure)}
                share={share(one.count)}
              />
            ))}
          </ul>
          <p class="hint" aria-live="off">
            {underWords(bench, under.value)}
          </p>
        </>
      )}
    </section>
  );
}

/** What is to be said of a place of the skin. */
export function underWords(bench: Bench, code: number | null): string {
  if (code === null) return say("plan.map_hint");
  if (code === 0) return say("plan.under_open");
  const row = bench.state.value?.needles?.legend.find((one) => one.code === code);
  return row ? say("plan.under", { why: reasonName(row.reason, row.structure) }) : say("plan.under_unknown");
}

function Item({ color, name, share }: { color: string; name: string; share: string }): JSX.Element {
  return (
    <li>
      <span class="swatch" ref={(one) => one?.style.setProperty("background", color)} />
      <span>{name}</span>
      <span class="plan-share">{share}</span>
    </li>
  );
}
