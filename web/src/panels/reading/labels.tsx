// The labels over the picture, on and off one by one, and how firm each is; the same switch hides them in the scene.
import type { JSX } from "preact";
import type { LabelRow } from "../../model/reading/drawing";
import type { LabelState } from "../../model/reading/reading";
import { say } from "../../model/words";
import type { Board, Desk } from "../../tools/reading/desk";
import { Glyph } from "./glyphs";

export function Swatch({ color }: { color: readonly [number, number, number] }): JSX.Element {
  return <span class="rd-swatch" ref={(one) => one?.style.setProperty("background", `rgb(${color.join(",")})`)} aria-hidden="true" />;
}

export function Labels({ desk }: { desk: Desk }): JSX.Element | null {
  const { main } = desk;
  if (!main.labels.value.length) return null;
  const all = Object.values(main.view.labelStates.value).every((one) => one.visible);
  return (
    <section class="rd-section" aria-labelledby="rd-labels">
      <h2 id="rd-labels">
        {say("read.labels")}
        <button type="button" class="link rd-all" onClick={() => showAll(main, !all)}>
          {all ? say("read.hide_all") : say("read.show_all")}
        </button>
      </h2>
      <ul class="rd-list">
        {main.labels.value.map((one) => (
          <Row key={one.label} row={one} board={main} />
        ))}
      </ul>
    </section>
  );
}

function Row({ row, board }: { row: LabelRow; board: Board }): JSX.Element {
  const state = board.view.labelStates.value[row.label] ?? { visible: false, opacity: 0.3 };
  return (
    <li class="rd-label" data-label={row.label}>
      <button
        type="button"
        class="rd-eye"
        aria-pressed={state.visible}
        aria-label={say("read.show_label", { name: row.name })}
        onClick={() => change(board, row.label, { visible: !state.visible })}
      >
        <Glyph name={state.visible ? "eye" : "off"} size={18} />
      </button>
      <Swatch color={row.color} />
      <span class="rd-name">{row.name}</span>
      <input
        type="range"
        min={0}
        max={100}
        step={5}
        value={Math.round(100 * state.opacity)}
        disabled={!state.visible}
        aria-label={say("read.label_opacity", { name: row.name })}
        onInput={(event) => change(board, row.label, { opacity: Number(event.currentTarget.value) / 100 })}
      />
    </li>
  );
}

function change({ view }: Board, label: number, part: Partial<LabelState>): void {
  const old = view.labelStates.value[label] ?? { visible: false, opacity: 0.3 };
  view.labelStates.value = { ...view.labelStates.value, [label]: { ...old, ...part } };
}

function showAll({ view }: Board, visible: boolean): void {
  const states = Object.entries(view.labelStates.value);
  view.labelStates.value = Object.fromEntries(states.map(([label, state]) => [label, { ...state, visible }]));
}
