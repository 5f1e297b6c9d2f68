// What is best corrected next: drawings that nobody corrected, the least sure first.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List } from "../../api/types";
import { fail } from "../../model/toasts";
import { say } from "../../model/words";
import type { CorrectDesk } from "../../tools/correcting/desk";

interface Waiting {
  readonly result_id: string;
  readonly patient: string;
  readonly date: string;
  readonly pack: string;
  readonly doubt: number;
  readonly reasons: readonly { readonly finding: string; readonly share: number }[];
  readonly lesions: number;
}
type Ranked = List<Waiting> & { readonly formula: string };
const SHOWN = 6;

export function Queue({ desk }: { desk: CorrectDesk }): JSX.Element | null {
  const [ranked, setRanked] = useState<Ranked | null>(null);
  const [cases, setCases] = useState(0);
  useEffect(() => {
    api.get<Ranked>(`/api/cohort/queue?limit=${SHOWN + 1}`).then(setRanked, fail);
    api.get<List<unknown>>("/api/cohort").then((one) => setCases(one.total), fail);
  }, [desk]);
  if (!ranked) return null;
  const others = ranked.items.filter((one) => one.result_id !== desk.id).slice(0, SHOWN);
  return (
    <section class="rd-section" aria-labelledby="co-queue">
      <h2 id="co-queue" title={ranked.formula}>
        {say("correct.queue")}
      </h2>
      {others.length === 0 && <p class="rd-quiet">{say("correct.queue_empty")}</p>}
      <ol class="co-queue">
        {others.map((one) => (
          <li key={one.result_id}>
            <a href={`/correct/${one.result_id}`}>
              <span class="rd-name">{one.patient || say("correct.nameless")}</span>
              <span class="rd-number">{one.date}</span>
              <span class="co-doubt" title={reasons(one)}>
                {one.doubt.toFixed(2)}
              </span>
            </a>
          </li>
        ))}
      </ol>
      <p class="rd-quiet">
        {say(cases === 1 ? "correct.cohort_one" : "correct.cohort", { n: cases })}{" "}
        {cases > 0 && (
          <a href="/api/cohort.zip" download>
            {say("correct.cohort_get")}
          </a>
        )}
      </p>
    </section>
  );
}

function reasons(one: Waiting): string {
  const told = one.reasons.map(({ finding, share }) => `${finding || say("correct.whole")}: ${share.toFixed(2)}`);
  return [say("correct.doubt"), ...told].join("\n");
}
