// The explanation in words: the sentence, what was measured of the lesion, and what speaks against believing it.
import type { AttributeNote, AttributeRow, Explanation } from "../../model/explaining/answer";
import { type Explainer, nameOf, type Weakness } from "../../tools/explaining/state";
import { number, percent } from "../../model/format";
import { phrase, say, sayOr } from "../../model/words";
import { Note } from "../bits";
import { Verdict } from "./verdict";

const UNITS: Readonly<Record<string, string>> = { mm: "mm", px: "px" };

function value(row: AttributeRow): string {
  const unit = UNITS[row.unit];
  if (row.name === "colour") return number(row.value);
  return unit ? `${number(row.value, 1)} ${unit}` : number(row.value, 2);
}

function Row({ row, p }: { row: AttributeRow; p: number }) {
  const without = row.probability_without;
  return (
    <tr>
      <th scope="row" title={row.source}>
        {sayOr(`explain.attribute_${row.name}`, row.name)}
      </th>
      <td class="ex-number">{value(row)}</td>
      <td class="ex-number">{without === null ? "–" : `${percent(p)} → ${percent(without)}`}</td>
    </tr>
  );
}

export function Attributes({ table, p }: { table: AttributeNote; p: number }) {
  return (
    <section aria-label={say("explain.attributes")}>
      <h2>{say("explain.attributes")}</h2>
      <table class="ex-attributes">
        <thead>
          <tr>
            <th scope="col">{say("explain.measured")}</th>
            <th scope="col">{say("explain.value")}</th>
            <th scope="col">{say("explain.without")}</th>
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <Row key={row.name} row={row} p={p} />
          ))}
        </tbody>
      </table>
      {table.mask === "measured" && <p class="ex-quiet">{say("explain.outline_measured")}</p>}
      {table.checks.length > 0 && <Verdict name={say("explain.method_attributes")} checks={table.checks} closed />}
    </section>
  );
}

/** The server's sentence; it names classes in English, and the page in its reader's language. */
export function sentenceOf(explanation: Explanation, pack: Explainer | null): string {
  return explanation.sentence.replaceAll(explanation.name, nameOf(explanation.name, pack));
}

/** The sentence, and what concerns the whole. */
export function Sentence({ explanation, pack }: { explanation: Explanation; pack: Explainer | null }) {
  const ofMaps = new Set([...explanation.maps.flatMap((one) => one.warnings), ...(explanation.attributes?.warnings ?? [])]);
  const whole = explanation.warnings.filter((one) => !ofMaps.has(one));
  return (
    <>
      <p class="ex-sentence" lang={explanation.lang === "zh" ? "zh-Hans" : "en"}>
        {sentenceOf(explanation, pack)}
      </p>
      {whole.map((text) => (
        <Note key={text} kind="warn">
          {text}
        </Note>
      ))}
    </>
  );
}

function weaknessText(one: Weakness, pack: Explainer): string {
  const interval = one.low === null || one.high === null ? "" : ` (${percent(one.low)}–${percent(one.high)})`;
  const facts = { n: one.n, data: one.data, value: percent(one.value) + interval, region: nameOf(one.region, pack) };
  if (one.measure === "accuracy") return say("explain.weak_accuracy", { ...facts, baseline: percent(one.baseline ?? 0) });
  if (one.measure === "dice") return say("explain.weak_dice", { ...facts, value: number(one.value, 2) });
  if (one.region === "all") return say(one.measure === "specificity" ? "explain.weak_clears" : "explain.weak_finds", facts);
  return say("explain.weak_class", facts);
}

/** Who answers, and where it is weakest. */
export function About({ pack }: { pack: Explainer }) {
  return (
    <section class="ex-about" aria-label={say("explain.about")}>
      <h2>{say("explain.about")}</h2>
      <p>
        <b>
          {pack.name} {pack.version}
        </b>{" "}
        {phrase(pack.description)}
      </p>
      <ul>
        {pack.weaknesses.map((one) => (
          <li key={one.measure + one.region}>{weaknessText(one, pack)}</li>
        ))}
      </ul>
      <p class="ex-quiet">{phrase(pack.licence)}</p>
      <a href={`/packs/${pack.name}`}>{say("explain.card")}</a>
    </section>
  );
}
