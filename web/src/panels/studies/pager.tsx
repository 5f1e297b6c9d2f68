// From page to page of a long list.
import type { JSX } from "preact";
import { setQuery } from "../../model/place";
import { number } from "../../model/format";
import { say } from "../../model/words";
import { page, PAGE, rows, total } from "../../model/worklist";

export function Pager(): JSX.Element | null {
  const pages = Math.ceil(total.value / PAGE);
  if (pages <= 1) return null;
  const first = page.value * PAGE + 1;
  const go = (n: number): void => setQuery({ page: n === 0 ? null : n + 1 });
  return (
    <nav class="pager" aria-label={say("studies.pager")}>
      <span class="muted">
        {say("studies.range", { first: number(first), last: number(first - 1 + (rows.value?.length ?? 0)), total: number(total.value) })}
      </span>
      <button type="button" disabled={page.value === 0} onClick={() => go(page.value - 1)}>
        {say("act.previous")}
      </button>
      <button type="button" disabled={page.value >= pages - 1} onClick={() => go(page.value + 1)}>
        {say("act.next")}
      </button>
    </nav>
  );
}
