// The tools at the left edge: what the left button does, how the picture looks, and how many panes there are.
import type { JSX } from "preact";
import { LAYOUTS, type Layout, TOOLS, type Tool } from "../../model/reading/reading";
import { say } from "../../model/words";
import type { Desk } from "../../tools/reading/desk";
import { TOOL_KEYS } from "../../tools/reading/keys";
import { Glyph, type GlyphName } from "./glyphs";

export function Rail({ desk }: { desk: Desk }): JSX.Element {
  const { reading } = desk;
  const { view } = reading;
  const canCompare = desk.priors.value.length > 0;
  return (
    <div class="rd-rail" role="toolbar" aria-orientation="vertical" aria-label={say("read.tools")}>
      {TOOLS.map((one) => (
        <Toggle
          key={one}
          glyph={one}
          label={say(`read.tool_${one}`)}
          hint={TOOL_KEYS[one]}
          on={reading.tool.value === one}
          press={() => choose(desk, one)}
        />
      ))}
      <hr />
      <Toggle glyph="overlays" label={say("read.overlays")} hint="O" on={reading.overlays.value} press={() => (reading.overlays.value = !reading.overlays.value)} />
      <Toggle glyph="invert" label={say("read.invert")} hint="I" on={view.invert.value} press={() => (view.invert.value = !view.invert.value)} />
      <Toggle glyph="reset" label={say("read.fit")} hint="R" press={() => view.fit()} />
      <hr />
      {LAYOUTS.map((one) => (
        <Toggle
          key={one}
          glyph={one}
          label={say(`read.layout_${one}`)}
          hint={one === "compare" && !canCompare ? say("read.no_priors") : "M"}
          on={reading.layout.value === one}
          disabled={one === "compare" && !canCompare}
          press={() => lay(desk, one)}
        />
      ))}
    </div>
  );
}

function choose(desk: Desk, tool: Tool): void {
  desk.reading.draft.value = null;
  desk.reading.tool.value = tool;
}

export function lay(desk: Desk, layout: Layout): void {
  desk.reading.layout.value = layout;
  const first = desk.priors.value[0];
  if (layout === "compare" && !desk.comparison.study.value && first) void desk.comparison.open(first.id);
}

interface ToggleProps {
  readonly glyph: GlyphName;
  readonly label: string;
  readonly hint: string;
  readonly on?: boolean;
  readonly disabled?: boolean;
  readonly press: () => void;
}

function Toggle({ glyph, label, hint, on, disabled = false, press }: ToggleProps): JSX.Element {
  return (
    <button
      type="button"
      class="rd-tool"
      aria-pressed={on}
      aria-label={label}
      title={`${label} (${hint})`}
      disabled={disabled}
      onClick={press}
      data-tool={glyph}
    >
      <Glyph name={glyph} />
    </button>
  );
}
