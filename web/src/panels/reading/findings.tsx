// What was found: lesions first, each with its size and how sure the drawing is. A click goes there.
import type { JSX } from "preact";
import type { StructureRow } from "../../model/reading/drawing";
import { number } from "../../model/format";
import { say } from "../../model/words";
import type { Desk } from "../../tools/reading/desk";
import { Swatch } from "./labels";

export function Findings({ desk }: { desk: Desk }): JSX.Element | null {
  const { main } = desk;
  if (!main.drawing.value) return null;
  const lesions = main.structures.value.filter((one) => one.kind === "lesion" || one.kind === "box");
  return (
    <section class="rd-section" aria-labelledby="rd-findings">
      <h2 id="rd-findings">
        {say("read.findings")} <span class="rd-count">{lesions.length}</span>
      </h2>
      {main.structures.value.length > 0 && lesions.length === 0 && <p class="rd-quiet">{say("read.no_lesions")}</p>}
      <ul class="rd-list">
        {lesions.map((one) => (
          <Row key={one.id} row={one} desk={desk} />
        ))}
      </ul>
    </section>
  );
}

function Row({ row, desk }: { row: StructureRow; desk: Desk }): JSX.Element {
  const chosen = desk.reading.finding.value === row.id;
  const [volume, interval] = (row.volume ?? "").replace(/\)$/, "").split(" (");
  return (
    <li class={chosen ? "chosen" : ""}>
      <button type="button" class="rd-row rd-finding" aria-pressed={chosen} onClick={() => desk.jump(row)} data-finding={row.id}>
        <Swatch color={row.color} />
        <span class="rd-name">{row.title}</span>
        <span class="rd-volume">{volume}</span>
        <span class="rd-sub">
          {row.probability !== null && <span title={say("read.probability")}>{say("read.p", { p: number(row.probability, 2) })}</span>}
          {row.abstained && <span class="rd-unsure">{say("read.not_sure")}</span>}
        </span>
        <span class="rd-interval">{interval}</span>
      </button>
      {chosen && (
        <div class="rd-more">
          <dl>
            {row.facts.slice(1).map((fact) => (
              <div key={fact.name}>
                <dt>{fact.name}</dt>
                <dd>{fact.value}</dd>
              </div>
            ))}
          </dl>
          {row.reasons.map((one) => (
            <p key={one} class="rd-reason">
              {one}
            </p>
          ))}
        </div>
      )}
    </li>
  );
}
