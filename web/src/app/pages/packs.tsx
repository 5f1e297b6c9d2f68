// The model packs: what each takes and gives, how good it is, how far it can be believed, and on what terms.
import "../styles/packs.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List } from "../../api/types";
import { number } from "../../model/format";
import { headlines, type Pack } from "../../model/pack";
import { pageReady } from "../../model/place";
import { attempt } from "../../model/toasts";
import { phrase, say, sayOr } from "../../model/words";
import { Empty, Waiting } from "../../panels/bits";
import { Icon } from "../../panels/icon";
import { Markdown } from "../../panels/markdown";
import { Bar, FigureTable, metricName, Reliability } from "../../panels/packs/charts";
import type { PageProps } from "../router";

const ORDER = ["segment", "detect", "classify", "superresolve", "translate", "generate"];

export default function Packs({ params }: PageProps): JSX.Element {
  const [packs, setPacks] = useState<readonly Pack[] | null>(null);
  useEffect(() => {
    void attempt(() => api.get<List<Pack>>("/api/packs")).then((list) => setPacks(list?.items ?? []));
  }, []);
  useEffect(() => {
    if (packs && !params.pack) pageReady();
  }, [packs, params.pack]);
  if (!packs) return <Waiting />;
  const chosen = packs.find((one) => one.name === params.pack);
  if (params.pack && chosen) return <PackPage pack={chosen} />;
  if (params.pack) {
    return (
      <Empty icon="packs" title={say("packs.unknown", { name: params.pack })}>
        <a class="button" href="/packs">
          {say("packs.all_packs")}
        </a>
      </Empty>
    );
  }
  const sorted = [...packs].sort((a, b) => rank(a.task) - rank(b.task));
  return (
    <div class="page">
      <header class="page-head">
        <h1>{say("packs.title")}</h1>
        <span class="muted">{say("packs.text")}</span>
      </header>
      <div class="pack-grid">
        {sorted.map((one) => (
          <PackCard key={one.name} pack={one} />
        ))}
      </div>
    </div>
  );
}

function rank(task: string): number {
  const at = ORDER.indexOf(task);
  return at < 0 ? ORDER.length : at;
}

function taskName(task: string): string {
  return sayOr(`task.${task}`, task);
}

function Terms({ pack }: { pack: Pack }): JSX.Element {
  return (
    <span class={pack.non_commercial ? "tag tag-warn" : "tag tag-good"} title={phrase(pack.licence)}>
      {pack.non_commercial ? say("packs.non_commercial") : pack.licence}
    </span>
  );
}

function PackCard({ pack }: { pack: Pack }): JSX.Element {
  const first = headlines(pack).slice(0, 3);
  return (
    <a class="card pack-card" href={`/packs/${pack.name}`}>
      <span class="pack-name">
        <strong>{pack.name}</strong>
        <span class="muted small-text">{pack.version}</span>
      </span>
      <span class="pack-about">{phrase(pack.description)}</span>
      <span class="pack-tags">
        <span class="tag tag-accent">{taskName(pack.task)}</span>
        {pack.modalities.map((one) => (
          <span key={one} class="tag">
            {one}
          </span>
        ))}
        <Terms pack={pack} />
      </span>
      <span class="pack-figures">
        {first.map((one, n) => (
          <span key={n} class="pack-figure">
            <span class="small-text">{one.figure.region === "all" ? metricName(one.metric) : `${phrase(one.figure.region)}, ${metricName(one.metric)}`}</span>
            <strong>{number(one.interval.value ?? 0, 2)}</strong>
            <Bar one={one} />
          </span>
        ))}
      </span>
    </a>
  );
}

function PackPage({ pack }: { pack: Pack }): JSX.Element {
  const [card, setCard] = useState<string | null>(null);
  useEffect(() => {
    void attempt(() => api.text(`/api/packs/${pack.name}/files/CARD.md`)).then((text) => {
      setCard(text ?? "");
      pageReady();
    });
  }, [pack.name]);
  const rows = headlines(pack);
  return (
    <div class="page pack-page">
      <header class="page-head">
        <a class="button quiet" href="/packs">
          <Icon name="back" size={16} />
          <span>{say("packs.all_packs")}</span>
        </a>
        <h1>{pack.name}</h1>
        <span class="muted">{pack.version}</span>
        <span class="tag">{taskName(pack.task)}</span>
        {pack.modalities.map((one) => (
          <span key={one} class="tag">
            {one}
          </span>
        ))}
        <Terms pack={pack} />
      </header>
      <p class="lead">{phrase(pack.description)}</p>
      <div class="pack-columns">
        <section class="card pad">
          <h2>{say("packs.figures")}</h2>
          <p class="muted small-text">{say("packs.figures_text")}</p>
          {rows.length > 0 ? <FigureTable rows={rows} /> : <p>{say("packs.no_figures")}</p>}
        </section>
        <section class="card pad">
          <Reliability pack={pack} />
          <h3>{say("packs.terms")}</h3>
          <p class="small-text">{phrase(pack.licence)}</p>
          {pack.classes.length > 0 && (
            <>
              <h3>{say("packs.knows")}</h3>
              <p class="pack-tags">
                {pack.classes
                  .filter((one) => one !== "background")
                  .map((one) => (
                    <span key={one} class="tag">
                      {phrase(one)}
                    </span>
                  ))}
              </p>
            </>
          )}
        </section>
      </div>
      <section class="card pad">{card === null ? <Waiting /> : <Markdown text={card.replace(/^# .*\n/, `# ${say("packs.card")}\n`)} />}</section>
    </div>
  );
}
