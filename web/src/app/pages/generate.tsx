// Pictures of nobody: by seed, by class, along directions, and on the way from one to another.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List, ResultWhole } from "../../api/types";
import { image, type Kept } from "../../model/generating/images";
import { fromQuery, type Generator, type GeneratorItem, LARGEST_SEED, toQuery, type Wish } from "../../model/generating/wish";
import { moment } from "../../model/format";
import { jobs, loadJobs, startJob } from "../../model/jobs";
import { navigate, pageReady, query } from "../../model/place";
import { Latest } from "../../model/planning/live";
import { attempt, fail } from "../../model/toasts";
import { phrase, say } from "../../model/words";
import { Empty, Note, Progress, Waiting } from "../../panels/bits";
import { Quiz } from "../../panels/generating/quiz";
import { Sheet, Way } from "../../panels/generating/seeds";
import { Sliders } from "../../panels/generating/sliders";
import { useKeys } from "../../tools/keys";
import "./generate.css";

export default function Generate() {
  const [packs, setPacks] = useState<readonly GeneratorItem[] | null>(null);
  useEffect(() => {
    void attempt(() => api.get<List<GeneratorItem>>("/api/generators")).then((found) => {
      setPacks(found?.items ?? []);
      if (!found?.items.length) pageReady();
    });
  }, []);
  if (!packs) return <Waiting />;
  const first = packs[0];
  if (!first) {
    return (
      <Empty icon="generate" title={say("generate.none")}>
        <p>{say("generate.none_hint")}</p>
      </Empty>
    );
  }
  return <Workshop packs={packs} first={first.name} />;
}

/** What a pack's sliders move; the server's desk opens the pack for it. */
function useGenerator(name: string): Generator | null {
  const [generator, setGenerator] = useState<Generator | null>(null);
  useEffect(() => {
    let current = true;
    void attempt(() => api.get<Generator>(`/api/generators/${encodeURIComponent(name)}`)).then((found) => {
      if (current) setGenerator(found);
    });
    return () => {
      current = false;
    };
  }, [name]);
  return generator?.name === name ? generator : null;
}

function Workshop({ packs, first }: { packs: readonly GeneratorItem[]; first: string }) {
  const [wish, setWish] = useState<Wish>(() => fromQuery(query.value, first));
  const generator = useGenerator(packs.some((one) => one.name === wish.pack) ? wish.pack : first);
  const rest = useRef(0);
  const change = (next: Wish) => {
    setWish(next);
    window.clearTimeout(rest.current); // the address follows when the hand rests
    rest.current = window.setTimeout(() => navigate(`/generate?${toQuery(next)}`, true), 300);
  };
  useEffect(() => () => window.clearTimeout(rest.current), []);
  return (
    <div class="ge-page">
      <header class="ge-head">
        <h1>{say("generate.title")}</h1>
        <label>
          {say("generate.pack")}{" "}
          <select value={wish.pack} onChange={(event) => change({ ...wish, pack: event.currentTarget.value, kind: null, moves: {}, values: {}, way: null })}>
            {packs.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <a href={`/packs/${wish.pack}`}>{say("generate.card")}</a>
        <Note kind="note">
          <b>{say("generate.nobody")}</b> {say("generate.nobody_why")}
        </Note>
      </header>
      {generator ? <Bench generator={generator} wish={wish} onChange={change} /> : <Waiting text={say("generate.opening")} />}
    </div>
  );
}

interface BenchProps {
  readonly generator: Generator;
  readonly wish: Wish;
  readonly onChange: (wish: Wish) => void;
}

function Bench({ generator, wish, onChange }: BenchProps) {
  const seed = (by: number) => onChange({ ...wish, way: null, seed: Math.max(0, Math.min(LARGEST_SEED, wish.seed + by)) });
  const keys = [
    { key: "n", label: say("generate.key_next"), run: () => seed(1) },
    { key: "b", label: say("generate.key_before"), run: () => seed(-1) },
    { key: "0", label: say("generate.reset"), run: () => onChange({ ...wish, moves: {} }) },
  ];
  useKeys(say("generate.title"), keys, [wish]);
  return (
    <div class="ge-bench">
      <div class="ge-main">
        <Shown generator={generator} wish={wish} onChange={onChange} />
        <Way wish={wish} onChange={onChange} />
      </div>
      <Sliders generator={generator} wish={wish} onChange={onChange} />
      <div class="ge-others">
        <Sheet wish={wish} onChange={onChange} />
        <Folder generator={generator} wish={wish} />
        <Folders />
      </div>
    </div>
  );
}

/** The picture, large; where it is made from a label map, its outline and a click that moves it. */
function Shown({ generator, wish, onChange }: BenchProps) {
  const [shown, setShown] = useState<{ address: string; of: string } | null>(null);
  const [labels, setLabels] = useState<string | null>(null);
  const [outlined, setOutlined] = useState(false);
  const box = useRef<HTMLImageElement>(null);
  const latest: Latest<Wish, Kept> = useMemo(
    () =>
      new Latest(image, (of: Wish, found) => {
        setShown({ address: found.address, of: JSON.stringify(of) });
        document.body.dataset.roundTrip = String(Math.round(latest.spent_ms));
      }, fail),
    [],
  );
  const key = JSON.stringify(wish);
  useEffect(() => latest.put(wish), [key]);
  useEffect(() => {
    let current = true;
    if (outlined && generator.has_labels) image(wish, "labels").then((found) => current && setLabels(found.address), fail);
    else setLabels(null);
    return () => {
      current = false;
    };
  }, [key, outlined, generator.name]);
  const [height, width] = generator.size;
  const place = (event: MouseEvent) => {
    const at = box.current?.getBoundingClientRect();
    if (!at || !generator.attributes.includes("x")) return;
    const share = (value: number) => Math.round(200 * Math.max(0, Math.min(1, value))) / 200;
    const [y, x] = [share((event.clientY - at.top) / at.height), share((event.clientX - at.left) / at.width)];
    onChange({ ...wish, values: { size: 0.06, ...wish.values, y, x } });
  };
  const label = wish.way ? say("generate.of_way", { a: wish.way.a, b: wish.way.b }) : say("generate.of_seed", { seed: wish.seed });
  const address = shown?.address;
  return (
    <figure class="ge-shown" aria-busy={shown?.of !== key}>
      <div class="ge-stage">
        {address && <img ref={box} class="ge-picture" src={address} alt={`${say("generate.nobody")} ${label}`} onLoad={() => pageReady()} onClick={place} />}
        {labels && <img class="ge-labels" src={labels} alt="" />}
        <span class="ge-stamp">{say("generate.stamp")}</span>
      </div>
      <figcaption>
        <b>{label}</b>{" "}
        <span class="ge-quiet">
          {width} × {height}
        </span>
        <span class="ge-gap" />
        {generator.has_labels && (
          <label>
            <input type="checkbox" checked={outlined} onChange={(event) => setOutlined(event.currentTarget.checked)} /> {say("generate.outline")}
          </label>
        )}
        {address && (
          <a class="button" href={address} download={`${wish.pack}-${wish.way ? `${wish.way.a}-${wish.way.b}` : wish.seed}.png`}>
            {say("generate.save")}
          </a>
        )}
      </figcaption>
      <p class="ge-quiet">{phrase(generator.description)}</p>
    </figure>
  );
}

/** Folders that were made, and those on their way. */
function Folders() {
  const mine = jobs.value.filter((one) => one.kind === "generate" && ["queued", "running", "done"].includes(one.state)).slice(0, 6);
  useEffect(() => void attempt(loadJobs), []);
  return (
    <div class="ge-folders">
      {mine.map((one) =>
        one.state === "done" && one.made_id ? (
          <Made key={one.id} id={one.made_id} when={moment(one.ended ?? one.created)} />
        ) : (
          <Progress key={one.id} fraction={one.state === "queued" ? null : one.fraction} label={say("generate.folder")} />
        ),
      )}
    </div>
  );
}

/** A folder by its sheet; a quiz by its name. */
function Made({ id, when }: { id: string; when: string }) {
  const [result, setResult] = useState<ResultWhole | null>(null);
  useEffect(() => void attempt(() => api.get<ResultWhole>(`/api/results/${id}`)).then(setResult), [id]);
  if (!result) return null;
  const file = (name: string) => `/api/results/${id}/files/${name}`;
  if (result.files.includes("quiz.html")) {
    return (
      <a class="button" href={file("quiz.html")} target="_blank" rel="noreferrer">
        {say("generate.quiz")}
      </a>
    );
  }
  return (
    <a class="ge-made" href={file(result.files.includes("way.webp") ? "way.webp" : "sheet.png")} target="_blank" rel="noreferrer">
      <img src={file("sheet.png")} alt={say("generate.sheet_of", { when })} loading="lazy" />
    </a>
  );
}

/** Many at once, as a folder: a job. */
function Folder({ generator, wish }: { generator: Generator; wish: Wish }) {
  const [count, setCount] = useState(16);
  const [dicom, setDicom] = useState(false);
  const start = (way: boolean) => {
    const common = { pack: wish.pack, truncation: wish.truncation, values: wish.values, dicom, ...(wish.kind ? { class: wish.kind } : {}) };
    const options = way && wish.way ? { ...common, between: [wish.way.a, wish.way.b] } : { ...common, count, seed: wish.seed };
    void attempt(() => startJob("generate", { options }));
  };
  return (
    <section class="ge-folder" aria-label={say("generate.folder")}>
      <h2>{say("generate.folder")}</h2>
      <div class="ge-row">
        <label>
          {say("generate.count")}{" "}
          <input type="number" min="1" max="500" value={count} onChange={(event) => setCount(Math.max(1, Math.min(500, Number(event.currentTarget.value) || 1)))} />
        </label>
        <label>
          <input type="checkbox" checked={dicom} onChange={(event) => setDicom(event.currentTarget.checked)} /> DICOM
        </label>
        <button type="button" onClick={() => start(false)}>
          {say("generate.make")}
        </button>
        <button type="button" disabled={!wish.way} onClick={() => start(true)}>
          {say("generate.make_film")}
        </button>
        <Quiz pack={wish.pack} />
      </div>
      <p class="ge-quiet">
        {say("generate.folder_hint")} <a href="/jobs">{say("jobs.title")}</a>
      </p>
      <p class="ge-quiet">{phrase(generator.licence)}</p>
    </section>
  );
}
