// What was done here, by whom and when: a chain in which each link holds the hash of the one before.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List } from "../../api/types";
import { moment, number } from "../../model/format";
import { pageReady } from "../../model/place";
import { attempt } from "../../model/toasts";
import { phrase, say, sayOr } from "../../model/words";
import { Note, TableBox, Waiting } from "../bits";
import { Icon } from "../icon";

interface Entry {
  readonly n: number;
  readonly at: string;
  readonly actor: string;
  readonly actor_name: string | null;
  readonly action: string;
  readonly object_id: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hash: string;
}
interface Verdict {
  readonly whole: boolean;
  readonly entries: number;
  readonly hash: string;
  readonly breaks: readonly { readonly n: number; readonly what: string }[];
}
const PAGE = 100;

export function Audit(): JSX.Element {
  const [list, setList] = useState<readonly Entry[] | null>(null);
  const [total, setTotal] = useState(0);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [busy, setBusy] = useState(false);
  const [after, setAfter] = useState<number | null>(null);
  useEffect(() => {
    const from = after === null ? "" : `&after=${after}`;
    void attempt(() => api.get<List<Entry>>(`/api/audit?newest=true&limit=${PAGE}${from}`)).then((found) => {
      setList(found?.items ?? []);
      setTotal(found?.total ?? 0);
      pageReady();
    });
  }, [after]);
  const verify = async (): Promise<void> => {
    setBusy(true);
    setVerdict(await attempt(() => api.get<Verdict>("/api/audit/verify")));
    setBusy(false);
  };
  const last = list?.at(-1)?.n ?? null;
  const more = last !== null && list !== null && list.length === PAGE;
  return (
    <>
      <header class="part-head">
        <h2>{say("admin.audit")}</h2>
        <span class="muted">{say("audit.count", { n: number(total) })}</span>
        <button type="button" class="primary" disabled={busy} onClick={() => void verify()}>
          <Icon name="shield" />
          <span>{busy ? say("audit.verifying") : say("audit.verify")}</span>
        </button>
      </header>
      {verdict && (
        <Note kind={verdict.whole ? "good" : "bad"}>
          <strong>{verdict.whole ? say("audit.whole", { n: number(verdict.entries) }) : say("audit.broken")}</strong>
          {verdict.whole && <p>{say("audit.whole_detail")}</p>}
          {verdict.breaks.map((one) => (
            <p key={one.n}>{say("audit.break", { n: one.n, what: phrase(one.what) })}</p>
          ))}
          <p class="hash">{verdict.hash}</p>
        </Note>
      )}
      {list === null ? <Waiting /> : <EntryTable list={list} />}
      <nav class="part-head" aria-label={say("audit.pages")}>
        <span class="grow" />
        {after !== null && (
          <button type="button" onClick={() => setAfter(null)}>
            {say("audit.newest")}
          </button>
        )}
        {more && (
          <button type="button" onClick={() => setAfter(last)}>
            {say("audit.older")}
          </button>
        )}
      </nav>
    </>
  );
}

function EntryTable({ list }: { list: readonly Entry[] }): JSX.Element {
  return (
    <TableBox look="card" label={say("admin.audit")}>
      <table class="list">
        <caption class="sr-only">{say("admin.audit")}</caption>
        <thead>
          <tr>
            <th scope="col" class="number">
              {say("audit.n")}
            </th>
            <th scope="col">{say("audit.at")}</th>
            <th scope="col">{say("audit.who")}</th>
            <th scope="col">{say("audit.action")}</th>
            <th scope="col">{say("audit.object")}</th>
            <th scope="col">{say("audit.details")}</th>
            <th scope="col">{say("audit.hash")}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((one) => (
            <tr key={one.n}>
              <td class="number muted">{one.n}</td>
              <td class="nowrap">{moment(one.at)}</td>
              <td class="nowrap">{one.actor_name || one.actor || "–"}</td>
              <td class="nowrap" title={one.action}>
                {sayOr(`audit.${one.action}`, one.action)}
              </td>
              <td class="hash" title={one.object_id}>
                {one.object_id.slice(0, 8)}
              </td>
              <td class="details small-text">
                {Object.entries(one.details)
                  .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
                  .join(" · ")}
              </td>
              <td class="hash" title={one.hash}>
                {one.hash.slice(0, 8)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}
