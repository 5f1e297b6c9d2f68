// Nobodies by their seeds, and the way from one to another.
import { useEffect, useState } from "preact/hooks";
import { known, patiently } from "../../model/generating/images";
import { LARGEST_SEED, type Wish } from "../../model/generating/wish";
import { number } from "../../model/format";
import { fail } from "../../model/toasts";
import { say } from "../../model/words";

export const ON_SHEET = 12;
const WAY_S = 4;

/** A seed's own picture under the page's class, condition and sliders. */
function ofSeed(wish: Wish, seed: number): Wish {
  return { ...wish, seed, way: null };
}

function Thumb({ wish, seed, pressed, onPress, label }: { wish: Wish; seed: number; pressed: boolean; onPress: () => void; label: string }) {
  const mine = ofSeed(wish, seed);
  const [address, setAddress] = useState(known(mine)?.address ?? null);
  const key = JSON.stringify(mine);
  useEffect(() => {
    let current = true;
    // a slider that is being dragged asks for one picture; its sheet follows when it rests
    const rest = window.setTimeout(() => {
      patiently(mine, () => current).then((found) => current && found && setAddress(found.address), fail);
    }, known(mine) ? 0 : 250);
    return () => {
      current = false;
      window.clearTimeout(rest);
    };
  }, [key]);
  return (
    <button type="button" class="ge-thumb" aria-pressed={pressed} aria-label={label} onClick={onPress}>
      {address ? <img src={address} alt="" /> : <span class="ge-blank" />}
      <span class="ge-number">{seed}</span>
    </button>
  );
}

interface Props {
  readonly wish: Wish;
  readonly onChange: (wish: Wish) => void;
}

/** Twelve seeds at a time. */
export function Sheet({ wish, onChange }: Props) {
  const first = Math.floor(wish.seed / ON_SHEET) * ON_SHEET;
  const go = (to: number) => onChange({ ...ofSeed(wish, Math.max(0, Math.min(LARGEST_SEED, to))) });
  return (
    <section aria-label={say("generate.seeds")} class="ge-sheet">
      <header>
        <h2>{say("generate.seeds")}</h2>
        <button type="button" class="quiet small" disabled={first === 0} onClick={() => go(wish.seed - ON_SHEET)}>
          {say("generate.before")}
        </button>
        <button type="button" class="quiet small" onClick={() => go(wish.seed + ON_SHEET)}>
          {say("generate.next")}
        </button>
      </header>
      <div class="ge-grid">
        {Array.from({ length: ON_SHEET }, (_, k) => first + k).map((seed) => (
          <Thumb
            key={`${wish.pack} ${seed}`}
            wish={wish}
            seed={seed}
            pressed={wish.way === null && seed === wish.seed}
            label={say("generate.show_seed", { seed })}
            onPress={() => go(seed)}
          />
        ))}
      </div>
    </section>
  );
}

/** From one nobody to another: both ends, a slider, and a way to watch it. */
export function Way({ wish, onChange }: Props) {
  const { way } = wish;
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing || !way) return undefined;
    const start = performance.now() - 1000 * WAY_S * way.t;
    let frame = 0;
    const step = (now: number) => {
      const along = (now - start) / (1000 * WAY_S);
      const t = Math.round(60 * (1 - Math.abs(1 - (along % 2)))) / 60; // there and back, in steps that are kept
      onChange({ ...wish, way: { ...way, t } });
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [playing, way?.a, way?.b, wish.kind, wish.truncation, wish.pack]);
  const a = way?.a ?? wish.seed;
  const b = way?.b ?? wish.seed + 1;
  const set = (next: Partial<{ a: number; b: number; t: number }>) => onChange({ ...wish, way: { a, b, t: way?.t ?? 0, ...next } });
  return (
    <section aria-label={say("generate.way")} class="ge-way">
      <header>
        <h2>{say("generate.way")}</h2>
        <button type="button" class="small" onClick={() => set({ a: wish.seed, t: 0 })}>
          {say("generate.from_here")}
        </button>
        <button type="button" class="small" onClick={() => set({ b: wish.seed, t: 1 })}>
          {say("generate.to_here")}
        </button>
      </header>
      <div class="ge-way-row">
        <Thumb wish={wish} seed={a} pressed={way?.t === 0} label={say("generate.start", { seed: a })} onPress={() => set({ t: 0 })} />
        <button
          type="button"
          class="ge-play"
          aria-pressed={playing}
          onClick={() => {
            if (!way) set({});
            setPlaying(!playing);
          }}
        >
          {say(playing ? "generate.pause" : "generate.play")}
        </button>
        <input
          type="range"
          min="0"
          max="1"
          step={1 / 60}
          value={way?.t ?? 0}
          aria-label={say("generate.scrub")}
          onInput={(event) => {
            setPlaying(false);
            set({ t: Math.round(60 * Number(event.currentTarget.value)) / 60 });
          }}
        />
        <output>{number(way?.t ?? 0, 2)}</output>
        <Thumb wish={wish} seed={b} pressed={way?.t === 1} label={say("generate.end", { seed: b })} onPress={() => set({ t: 1 })} />
      </div>
    </section>
  );
}
