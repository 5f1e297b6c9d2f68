// What can be moved: directions in the space of styles, the condition, and how far from the middle.
import type { Direction, Generator, Wish } from "../../model/generating/wish";
import { number, percent } from "../../model/format";
import { lang } from "../../model/look";
import { say, sayOr } from "../../model/words";

const SHOWN_REACH = 3;

interface SliderProps {
  readonly id: string;
  readonly label: string;
  readonly note?: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly text: string;
  readonly onInput: (value: number) => void;
  readonly disabled?: boolean;
}

export function Slider({ id, label, note, value, min, max, step, text, onInput, disabled = false }: SliderProps) {
  return (
    <div class="ge-slider">
      <label for={id}>
        {label} {note && <span class="ge-quiet">{note}</span>}
      </label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={text}
        onInput={(event) => onInput(Number(event.currentTarget.value))}
      />
      <output for={id}>{text}</output>
    </div>
  );
}

/** What a direction is called: the attribute that follows it, numbered where several follow the same. */
function called(one: Direction, all: readonly Direction[]): string {
  const bare = one.name.match(/^(?:direction|principal) (\d+)$/);
  if (bare) return say(one.principal ? "generate.principal" : "generate.direction", { n: bare[1] ?? "" });
  const [, series = "", name = one.name] = one.name.match(/^(\S+) (brightness)$/) ?? [];
  const word = `${series && series !== "" ? `${series.toUpperCase()} ` : ""}${sayOr(`generate.way_${name}`, name)}`;
  const alike = all.filter((other) => other.name === one.name);
  return alike.length > 1 ? `${word} ${alike.indexOf(one) + 1}` : word;
}

function noteOf(one: Direction): string {
  if (one.share !== null) return say("generate.share", { share: percent(one.share) });
  return one.correlation === null ? "" : `r ${number(one.correlation, 2)}`;
}

interface Props {
  readonly generator: Generator;
  readonly wish: Wish;
  readonly onChange: (wish: Wish) => void;
}

function Ways({ generator, wish, onChange, principal }: Props & { principal: boolean }) {
  const shown = generator.directions.filter((one) => one.principal === principal);
  if (!shown.length) return null;
  const moved = shown.some((one) => (wish.moves[one.id] ?? 0) !== 0);
  return (
    <details open={!principal || moved || shown.length === generator.directions.length} class="ge-ways">
      <summary title={say(principal ? "generate.principal_hint" : "generate.named_hint")}>
        {say(principal ? "generate.principals" : "generate.directions")}
      </summary>
      {shown.map((one) => {
        const steps = wish.moves[one.id] ?? 0;
        return (
          <Slider
            key={one.id}
            id={`ge-${one.id}`}
            label={called(one, shown)}
            note={noteOf(one)}
            value={steps}
            min={-SHOWN_REACH}
            max={SHOWN_REACH}
            step={0.1}
            text={steps === 0 ? "0" : `${steps > 0 ? "+" : "−"}${number(Math.abs(steps), 1)} σ`}
            onInput={(value) => onChange({ ...wish, moves: { ...wish.moves, [one.id]: value } })}
          />
        );
      })}
    </details>
  );
}

/** The most that each attribute's slider reaches: a size is a share of the picture, and half of it is never marked. */
const MOST: Readonly<Record<string, number>> = { size: 0.3 };

function Attribute({ name, wish, onChange }: { name: string; wish: Wish; onChange: (wish: Wish) => void }) {
  const short = name.split(" ").at(-1) ?? name;
  const value = wish.values[name];
  const rest = Object.fromEntries(Object.entries(wish.values).filter(([other]) => other !== name));
  return (
    <div class="ge-attribute">
      <Slider
        id={`ge-set-${name}`}
        label={sayOr(`generate.set_${short}`, name)}
        value={value ?? 0.5 * (MOST[short] ?? 1)}
        min={0}
        max={MOST[short] ?? 1}
        step={0.005}
        disabled={value === undefined}
        text={value === undefined ? say("generate.as_drawn") : percent(value, short === "size" ? 1 : 0)}
        onInput={(next) => onChange({ ...wish, values: { ...rest, [name]: next } })}
      />
      <label class="ge-quiet">
        <input
          type="checkbox"
          checked={value !== undefined}
          onChange={(event) => onChange({ ...wish, values: event.currentTarget.checked ? { ...rest, [name]: 0.5 * (MOST[short] ?? 1) * (short === "size" ? 0.4 : 1) } : rest })}
        />{" "}
        {say("generate.set")}
      </label>
    </div>
  );
}

/** A class, or sizes and places: what the picture is made from beside chance. */
export function Condition({ generator, wish, onChange }: Props) {
  if (generator.condition === "label") {
    return (
      <label class="ge-row">
        {say("generate.class")}{" "}
        <select value={wish.kind ?? ""} onChange={(event) => onChange({ ...wish, kind: event.currentTarget.value || null })}>
          <option value="">{say("generate.any_class")}</option>
          {generator.classes.map((name) => (
            <option key={name} value={name}>
              {lang.value === "zh" ? (generator.zh[name] ?? name) : name}
            </option>
          ))}
        </select>
      </label>
    );
  }
  if (!generator.attributes.length) return null;
  return (
    <fieldset class="ge-condition">
      <legend>{say("generate.tumour")}</legend>
      {generator.attributes.map((name) => (
        <Attribute key={name} name={name} wish={wish} onChange={onChange} />
      ))}
      <p class="ge-quiet">{say("generate.tumour_hint")}</p>
    </fieldset>
  );
}

export function Sliders(props: Props) {
  const { wish, onChange } = props;
  const moved = Object.values(wish.moves).some((steps) => steps !== 0);
  return (
    <div class="ge-sliders">
      <Condition {...props} />
      <Slider
        id="ge-truncation"
        label={say("generate.truncation")}
        note={say("generate.truncation_hint")}
        value={wish.truncation}
        min={0}
        max={1.2}
        step={0.05}
        text={number(wish.truncation, 2)}
        onInput={(truncation) => onChange({ ...wish, truncation })}
      />
      <Ways {...props} principal={false} />
      <Ways {...props} principal={true} />
      <button type="button" disabled={!moved} onClick={() => onChange({ ...wish, moves: {} })}>
        {say("generate.reset")}
      </button>
    </div>
  );
}
