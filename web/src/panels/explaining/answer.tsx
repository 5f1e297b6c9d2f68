// What the pack says of the picture: the answer first, "not sure" as an answer of its own, then every probability.
import { type Answer, type Bar, bars, likeliest } from "../../model/explaining/answer";
import { type Explainer, nameOf } from "../../tools/explaining/state";
import { number, percent } from "../../model/format";
import { phrase, say } from "../../model/words";
import { Note } from "../bits";

interface Props {
  readonly answer: Answer;
  readonly pack: Explainer | null;
  /** Asks why about another class or finding. */
  readonly onAsk?: (about: string) => void;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A probability and the limit below which it lies, with as many digits as tell them apart. */
function besideLimit(p: number, limit: number): { p: string; limit: string } {
  const digits = percent(p) === percent(limit) ? 1 : 0;
  return { p: percent(p, digits), limit: percent(limit, digits) };
}

/** The answer in a few words. */
export function Headline({ answer, pack }: Props) {
  const best = likeliest(answer);
  const found = answer.findings.filter((one) => one.kind !== "class");
  if (answer.abstained) {
    const name = best ? nameOf(best.name, pack) : found[0] ? nameOf(found[0].name, pack) : "";
    return (
      <div class="ex-headline ex-unsure" role="status">
        <strong>{say("explain.not_sure")}</strong>
        <p>{best ? say("explain.not_sure_why", { name, ...besideLimit(best.probability, answer.abstain_below ?? 0) }) : say("explain.not_sure_outline", { name })}</p>
      </div>
    );
  }
  if (!best) {
    const names = [...new Set(found.map((one) => nameOf(one.name, pack)))];
    return (
      <div class="ex-headline">
        <strong>{names.length ? capital(names.join(", ")) : say("explain.nothing_found")}</strong>
      </div>
    );
  }
  return (
    <div class="ex-headline">
      <strong>{capital(nameOf(best.name, pack))}</strong> <span class="ex-number">{percent(best.probability)}</span>
      {answer.task === "classify" && <p>{say(answer.calibrated ? "explain.calibrated" : "explain.not_calibrated")}</p>}
    </div>
  );
}

function Line({ bar, answer, pack, onAsk }: Props & { bar: Bar }) {
  const name = nameOf(bar.name, pack);
  const here = answer.about === bar.name;
  const askable = onAsk && answer.task === "classify";
  return (
    <tr class={here ? "ex-here" : undefined}>
      <th scope="row">
        {name}
        {bar.group && <span class="ex-quiet"> {say("explain.together")}</span>}
      </th>
      <td class="ex-bar-cell">
        <span class="ex-bar" ref={(one) => one?.style.setProperty("width", `${100 * bar.probability}%`)} />
        {!bar.group && answer.abstain_below !== null && answer.abstain_below > 0 && answer.task === "classify" && (
          <span class="ex-limit" ref={(one) => one?.style.setProperty("left", `${100 * (answer.abstain_below ?? 0)}%`)} />
        )}
      </td>
      <td class="ex-number">{percent(bar.probability)}</td>
      <td>
        {askable &&
          (here ? (
            <span class="ex-quiet">{say("explain.shown")}</span>
          ) : (
            <button type="button" class="quiet small" onClick={() => onAsk(bar.name)} aria-label={say("explain.why_class", { name })}>
              {say("explain.why")}
            </button>
          ))}
      </td>
    </tr>
  );
}

/** Every probability, with the line below which the pack abstains. */
export function Probabilities(props: Props) {
  const { answer } = props;
  const all = bars(answer);
  if (!all.length) return null;
  return (
    <table class="ex-bars">
      <caption class="sr-only">{say("explain.probabilities")}</caption>
      <tbody>
        {all.map((bar) => (
          <Line key={bar.name} bar={bar} {...props} />
        ))}
      </tbody>
    </table>
  );
}

/** Outlines and boxes, each of which can be asked about. */
export function Findings({ answer, pack, onAsk }: Props) {
  const found = answer.findings.filter((one) => one.kind !== "class");
  if (!found.length) return null;
  return (
    <ul class="ex-findings">
      {found.map((one) => (
        <li key={one.id} class={answer.about === one.id ? "ex-here" : undefined}>
          <span>
            {nameOf(one.name, pack)} {one.id.match(/\d+$/)?.[0]}
          </span>
          <span class="ex-number">{one.probability === null ? "–" : number(one.probability, 2)}</span>
          {answer.about === one.id ? (
            <span class="ex-quiet">{say("explain.shown")}</span>
          ) : (
            onAsk && (
              <button type="button" class="quiet small" onClick={() => onAsk(one.id)} aria-label={say("explain.why_class", { name: one.id })}>
                {say("explain.why")}
              </button>
            )
          )}
        </li>
      ))}
    </ul>
  );
}

/** What must be known before the answer: of the picture, as the report says it. */
export function Problems({ answer }: { answer: Answer }) {
  return (
    <>
      {answer.problems.map((one) => (
        <Note key={one.code} kind="warn">
          {phrase(one.text)}
        </Note>
      ))}
    </>
  );
}
