// What a reader must know before trusting what is shown: problems of the series and of the drawing, in full sentences.
import type { JSX } from "preact";
import { phrase, say } from "../../model/words";
import type { Desk } from "../../tools/reading/desk";
import { Note } from "../bits";

export function Problems({ desk }: { desk: Desk }): JSX.Element | null {
  const { main } = desk;
  const texts = new Map([...(main.series.value?.problems ?? []), ...main.problems.value].map((one) => [one.text, one.severity]));
  if (!texts.size) return null;
  return (
    <section class="rd-section rd-problems" aria-label={say("read.problems")}>
      {[...texts].map(([text, severity]) => (
        <Note key={text} kind={severity === "error" ? "bad" : "warn"}>
          {phrase(text)}
        </Note>
      ))}
    </section>
  );
}
