// Two paths side by side.
import type { JSX } from "preact";
import { number } from "../../model/format";
import type { Path } from "../../model/planning/forms";
import { say } from "../../model/words";
import type { Bench } from "../../tools/planning/bench";
import { degrees, interval, mm, nearestOf } from "./figures";

export function Compare({ bench }: { bench: Bench }): JSX.Element | null {
  const [a, b] = bench.compared.value.map((id) => bench.find(id));
  if (!a || !b) return null;
  const rows: readonly (readonly [string, (path: Path) => string])[] = [
    [say("plan.length"), (one) => mm(one.length_mm)],
    [say("plan.angle"), (one) => degrees(one.angle_deg)],
    [say("plan.clearance"), (one) => interval(one.clearance_mm)],
    [say("plan.nearest"), (one) => nearestOf(one)],
    [say("plan.parenchyma"), (one) => mm(one.organ_crossed_mm, 0)],
    [say("plan.outside"), (one) => mm(one.outside_mm, 0)],
    [say("plan.score"), (one) => number(one.score, 2)],
  ];
  return (
    <table class="plan-compared">
      <caption>{say("plan.compared")}</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">{nameOf(bench, a)}</th>
          <th scope="col">{nameOf(bench, b)}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, of]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{of(a)}</td>
            <td>{of(b)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function nameOf(bench: Bench, path: Path): string {
  const at = bench.offered.value.findIndex((one) => one.id === path.id);
  if (at >= 0) return say("plan.path_n", { n: at + 1 });
  return say("plan.draft_n", { n: bench.own.value.findIndex((one) => one.id === path.id) + 1 });
}
