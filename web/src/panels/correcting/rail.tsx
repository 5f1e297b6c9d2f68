// The tools at the left edge: what the left button does, taking back, and looking.
import type { JSX } from "preact";
import { PAINT_TOOLS, type PaintTool } from "../../model/correcting/correcting";
import { say } from "../../model/words";
import type { CorrectDesk } from "../../tools/correcting/desk";
import { TOOL_KEYS } from "../../tools/correcting/keys";

const PATHS = {
  brush: "M20 4c-5 2-9 6-11 10M9 14c-2.500-.5-4.500 1-4.500 3.500 0 1-.5 2-1.500 2.500 4 .8 7-.6 7-3.500M9 14l1.500 2.500",
  erase: "M9 19.500 4 14.500l9-9.500 6 6-8.500 8.500zM8.500 9.800l6 6M9 19.500h11",
  fill: "M10.500 4 4 10.500l6.500 6.500 7-6.500zM4 10.500h13.500M20 15c1.200 1.800 1.600 2.600 1.600 3.400a1.600 1.600 0 0 1-3.200 0c0-.8.400-1.600 1.600-3.400z",
  click: "M12 3v3M12 18v3M3 12h3M18 12h3M12 8.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7z",
  move: "M12 3v18M3 12h18M12 3 9.500 5.500M12 3l2.500 2.500M12 21l-2.500-2.500M12 21l2.500-2.500M3 12l2.500-2.500M3 12l2.500 2.500M21 12l-2.500-2.500M21 12l-2.500 2.500",
  undo: "M8 5 4 9l4 4M4 9h10a5.500 5.500 0 0 1 0 11h-4",
  redo: "M16 5l4 4-4 4M20 9H10a5.500 5.500 0 0 0 0 11h4",
  between: "M4 5h16M4 19h16M6 9.500h12M8 14.500h8",
  difference: "M9 5.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15 5.500a6.500 6.500 0 1 1 0 13",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
} as const;

function Sign({ name }: { name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={20} height={20} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

interface ToolProps {
  readonly sign: keyof typeof PATHS;
  readonly label: string;
  readonly hint: string;
  readonly on?: boolean | undefined;
  readonly off?: boolean;
  readonly press: () => void;
}

function Tool({ sign, label, hint, on, off = false, press }: ToolProps): JSX.Element {
  return (
    <button type="button" class="rd-tool" aria-pressed={on} aria-label={label} title={`${label} (${hint})`} disabled={off} onClick={press} data-tool={sign}>
      <Sign name={sign} />
    </button>
  );
}

export function Rail({ desk }: { desk: CorrectDesk }): JSX.Element {
  const { state } = desk;
  const free = desk.free;
  const tool = (one: PaintTool): JSX.Element => (
    <Tool key={one} sign={one} label={say(`correct.tool_${one}`)} hint={TOOL_KEYS[one].toUpperCase()} on={state.tool.value === one} press={() => (state.tool.value = one)} />
  );
  return (
    <div class="rd-rail" role="toolbar" aria-orientation="vertical" aria-label={say("read.tools")}>
      {PAINT_TOOLS.map(tool)}
      <hr />
      <Tool sign="undo" label={say("correct.undo")} hint="Ctrl+Z" off={!state.undos.value || !free} press={() => desk.editor.peek()?.undo()} />
      <Tool sign="redo" label={say("correct.redo")} hint="Ctrl+Y" off={!state.redos.value || !free} press={() => desk.editor.peek()?.redo()} />
      <hr />
      <Tool sign="between" label={say("correct.between")} hint="I" off={!free} press={() => desk.interpolate()} />
      <Tool sign="difference" label={say("correct.difference")} hint="D" on={state.difference.value} press={() => (state.difference.value = !state.difference.value)} />
      <Tool sign="fit" label={say("read.fit")} hint="R" press={() => desk.reading.view.fit()} />
    </div>
  );
}
