// One picture with its answer and its reasons: the panes side by side, and beside them what they mean.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Result, StudyDetail } from "../../api/types";
import type { HeatNote, MapKind } from "../../model/explaining/answer";
import { type Explainer, fileAddress, hover, nameOf, type Opened, opacity, openExplanation, valueAt, view } from "../../tools/explaining/state";
import { WHOLE } from "../../model/explaining/view";
import { number } from "../../model/format";
import { lang } from "../../model/look";
import { fail } from "../../model/toasts";
import { say } from "../../model/words";
import { heatPixels, rimPixels, strength } from "../../render/explaining/heat";
import { Note, Waiting } from "../bits";
import { Findings, Headline, Probabilities, Problems } from "./answer";
import { type Overlay, Pane } from "./pane";
import { About, Attributes, Sentence } from "./reasons";
import { Verdict } from "./verdict";

const TITLES: Readonly<Record<MapKind, string>> = { "grad-cam": "Grad-CAM", lime: "LIME" };
const KINDS: readonly MapKind[] = ["grad-cam", "lime"];

/** An explanation that a result holds; null while it is read. */
export function useOpened(result: Result | null): Opened | null {
  const [opened, setOpened] = useState<Opened | null>(null);
  useEffect(() => {
    let current = true;
    let made: Opened | null = null;
    setOpened(null);
    if (result) {
      openExplanation(result).then((one) => {
        made = one;
        if (current) setOpened(one);
        else URL.revokeObjectURL(one.picture);
      }, fail);
    }
    return () => {
      current = false;
      if (made) URL.revokeObjectURL(made.picture);
    };
  }, [result?.id]);
  return opened;
}

/** The outline that the pack drew, or that its attributes were measured in. */
function outlines(opened: Opened): Overlay[] {
  const { labels, outline } = opened.layers;
  if (labels) {
    const colours = new Map(opened.answer.labels.map((one) => [one.value, one.color]));
    return [{ pixels: rimPixels(labels, (value) => colours.get(value) ?? [255, 255, 255]), opacity: 1, sharp: true }];
  }
  return outline ? [{ pixels: rimPixels(outline, () => [90, 255, 120]), opacity: 1, sharp: true }] : [];
}

function Boxes({ opened }: { opened: Opened }) {
  const [height, width] = opened.answer.size;
  return (
    <>
      {opened.answer.findings.map((one) => {
        if (!one.box) return null;
        const [x0, y0, x1, y1] = one.box;
        const place = { left: `${(100 * x0) / width}%`, top: `${(100 * y0) / height}%` };
        const size = { width: `${(100 * (x1 - x0)) / width}%`, height: `${(100 * (y1 - y0)) / height}%` };
        return <span key={one.id} class={one.id === opened.answer.about ? "ex-box ex-here" : "ex-box"} style={{ ...place, ...size }} />;
      })}
    </>
  );
}

interface PictureProps {
  readonly opened: Opened;
  readonly aspect: number;
  readonly onShown: (() => void) | undefined;
  readonly children: ComponentChildren;
}

function PicturePane({ opened, aspect, onShown, children }: PictureProps) {
  const [outlined, setOutlined] = useState(true);
  const [bare, setBare] = useState(false);
  const overlays = useMemo(() => outlines(opened), [opened]);
  const without = opened.answer.files["layer without"];
  const shown = bare && without ? fileAddress(opened.result, without) : opened.picture;
  const p = opened.explanation?.attributes?.probability_without_all ?? null;
  return (
    <figure class="ex-figure">
      <figcaption>
        <b>{say(bare ? "explain.picture_without" : "explain.picture")}</b>
        {bare && p !== null && <span class="ex-quiet"> p = {number(p, 2)}</span>}
      </figcaption>
      <Pane picture={shown} label={say("explain.picture")} aspect={aspect} overlays={outlined && !bare ? overlays : []} {...(onShown ? { onShown } : {})}>
        {outlined && <Boxes opened={opened} />}
      </Pane>
      <div class="ex-tools">
        <label>
          <input type="checkbox" checked={outlined} onChange={(event) => setOutlined(event.currentTarget.checked)} /> {say("explain.outline")}
        </label>
        {without && (
          <label title={say("explain.without_hint")}>
            <input type="checkbox" checked={bare} onChange={(event) => setBare(event.currentTarget.checked)} /> {say("explain.take_out")}
          </label>
        )}
      </div>
      {children}
    </figure>
  );
}

interface HeatProps {
  readonly opened: Opened;
  readonly kind: MapKind;
  readonly note: HeatNote | undefined;
  readonly aspect: number;
  readonly compact: boolean;
}

function HeatPane({ opened, kind, note, aspect, compact }: HeatProps) {
  const layer = opened.layers[kind];
  const pixels = useMemo(() => (layer ? heatPixels(layer, kind === "lime") : null), [layer, kind]);
  const name = TITLES[kind];
  if (!layer || !pixels || !note) {
    return (
      <figure class="ex-figure">
        <figcaption>
          <b>{name}</b>
        </figcaption>
        <div class="ex-pane ex-absent" style={{ aspectRatio: String(aspect) }}>
          {say("explain.no_map", { name })}
        </div>
      </figure>
    );
  }
  const shown = opacity.value[kind];
  return (
    <figure class="ex-figure" data-kind={kind}>
      <figcaption>
        <b>{name}</b> <span class="ex-quiet">{say(kind === "lime" ? "explain.lime_key" : "explain.cam_key")}</span>
      </figcaption>
      <Pane picture={opened.picture} label={say("explain.map_label", { name })} aspect={aspect} overlays={[{ pixels, opacity: shown, sharp: kind === "lime" }]} />
      <label class="ex-tools">
        {say("explain.opacity")}
        <input
          type="range"
          min="0"
          max="1"
          step="0.05"
          value={shown}
          aria-label={say("explain.opacity_of", { name })}
          onInput={(event) => (opacity.value = { ...opacity.value, [kind]: Number(event.currentTarget.value) })}
        />
      </label>
      <Verdict name={name} checks={note.checks} warnings={note.warnings} closed={compact} />
    </figure>
  );
}

/** What both maps say at the point under the pointer. */
function Readout({ opened }: { opened: Opened }) {
  const point = hover.value;
  const { "grad-cam": cam, lime, parts } = opened.layers;
  const weights = opened.explanation?.maps.find((one) => one.kind === "lime")?.weights ?? [];
  if (!point) return <p class="ex-readout ex-quiet">{say("explain.look")}</p>;
  const part = parts ? valueAt(parts, point) : 0;
  const said = [
    cam ? say("explain.cam_here", { value: number(strength(valueAt(cam, point)), 2) }) : "",
    lime && part > 0 ? say("explain.lime_here", { part, value: signed(weights[part - 1] ?? 0) }) : "",
  ];
  return <p class="ex-readout">{said.filter(Boolean).join(" · ")}</p>;
}

function signed(value: number): string {
  return `${value >= 0 ? "+" : "−"}${number(Math.abs(value), 3)}`;
}

interface Props {
  readonly study: StudyDetail;
  readonly result: Result;
  readonly pack: Explainer | null;
  readonly onAsk?: (about: string | null) => void;
  readonly onShown?: () => void;
  /** One row of several that are compared. */
  readonly compact?: boolean;
}

export function Case({ study, result, pack, onAsk, onShown, compact = false }: Props) {
  const opened = useOpened(result);
  if (!opened) return <Waiting />;
  const { answer, explanation } = opened;
  const aspect = answer.size[1] / answer.size[0];
  const note = (kind: MapKind) => explanation?.maps.find((one) => one.kind === kind);
  return (
    <article class={compact ? "ex-case ex-compact" : "ex-case"} data-study={study.id} data-result={result.id}>
      <div class="ex-left">
        <div class="ex-panes">
          <PicturePane opened={opened} aspect={aspect} onShown={onShown}>
            {explanation?.attributes && !compact && <Attributes table={explanation.attributes} p={explanation.probability} />}
          </PicturePane>
          {KINDS.map((kind) => (
            <HeatPane key={kind} opened={opened} kind={kind} note={note(kind)} aspect={aspect} compact={compact} />
          ))}
        </div>
        <div class="ex-under">
          <Readout opened={opened} />
          <button type="button" class="quiet small" disabled={view.value.zoom === 1} onClick={() => (view.value = WHOLE)}>
            {say("explain.whole")}
          </button>
        </div>
      </div>
      <aside class="ex-side">
        <Headline answer={answer} pack={pack} />
        <Problems answer={answer} />
        <Probabilities answer={answer} pack={pack} {...(onAsk ? { onAsk } : {})} />
        <Findings answer={answer} pack={pack} {...(onAsk ? { onAsk } : {})} />
        {explanation ? (
          <>
            <h2>{say("explain.why_of", { name: nameOf(explanation.name, pack) })}</h2>
            <Sentence explanation={explanation} pack={pack} />
            {onAsk && explanation.lang !== lang.value && (
              <button type="button" class="small" onClick={() => onAsk(result.summary["asked"] as string | null)}>
                {say("explain.say_it")}
              </button>
            )}
          </>
        ) : (
          <Note kind="note">{answer.why_none || say("explain.nothing_found")}</Note>
        )}
        {pack && !compact && <About pack={pack} />}
      </aside>
    </article>
  );
}
