// The labels: which one is in hand, which are shown, which are safe from the brush.
import type { JSX } from "preact";
import type { PaintLabel } from "../../model/correcting/correcting";
import { say } from "../../model/words";
import type { CorrectDesk } from "../../tools/correcting/desk";
import { Icon } from "../icon";
import { Glyph } from "../reading/glyphs";
import { Swatch } from "../reading/labels";

export function Labels({ desk }: { desk: CorrectDesk }): JSX.Element {
  return (
    <section class="rd-section" aria-labelledby="co-labels">
      <h2 id="co-labels">{say("correct.labels")}</h2>
      <ul class="rd-list co-labels">
        {desk.state.labels.value.map((one) => (
          <Row key={one.value} desk={desk} label={one} />
        ))}
      </ul>
    </section>
  );
}

function Row({ desk, label }: { desk: CorrectDesk; label: PaintLabel }): JSX.Element {
  const { state } = desk;
  const { labelStates } = desk.reading.view;
  const look = labelStates.value[label.value] ?? { visible: true, opacity: 0.3 };
  const locked = state.locked.value.has(label.value);
  const inHand = state.active.value === label.value;
  const show = () => (labelStates.value = { ...labelStates.value, [label.value]: { ...look, visible: !look.visible } });
  return (
    <li class={`rd-label${inHand ? " chosen" : ""}`} data-label={label.value}>
      <button type="button" class="rd-row" aria-pressed={inHand} onClick={() => (state.active.value = label.value)}>
        <Swatch color={label.color} />
        <span class="rd-name">{label.name}</span>
      </button>
      <button type="button" class="rd-eye" aria-pressed={look.visible} aria-label={say("read.show_label", { name: label.name })} onClick={show}>
        <Glyph name={look.visible ? "eye" : "off"} size={18} />
      </button>
      <button
        type="button"
        class={`rd-eye co-lock${locked ? " on" : ""}`}
        aria-pressed={locked}
        aria-label={say("correct.lock", { name: label.name })}
        title={say("correct.lock_hint")}
        onClick={() => state.toggleLock(label.value)}
      >
        <Icon name="lock" size={16} />
      </button>
    </li>
  );
}
