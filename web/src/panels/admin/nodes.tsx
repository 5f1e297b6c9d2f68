// The archives that this server may ask: by address, port and AE title.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List } from "../../api/types";
import { number } from "../../model/format";
import { pageReady } from "../../model/place";
import { attempt, notify } from "../../model/toasts";
import { say } from "../../model/words";
import { Empty, Waiting } from "../bits";
import { Icon } from "../icon";

interface Node {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly ae_title: string;
  /** It may send to our DICOM port. */
  readonly sends: boolean;
  /** It may be searched. */
  readonly answers: boolean;
  /** Readers may send drawings and reports to it. */
  readonly receives: boolean;
}
const NEW: Node = { name: "", host: "", port: 104, ae_title: "", sends: true, answers: true, receives: false };

export function Nodes(): JSX.Element {
  const [nodes, setNodes] = useState<readonly Node[] | null>(null);
  useEffect(() => {
    void attempt(() => api.get<List<Node>>("/api/pacs/nodes")).then((list) => {
      setNodes(list?.items ?? []);
      pageReady();
    });
  }, []);
  if (!nodes) return <Waiting />;
  const change = (n: number, part: Partial<Node>): void => setNodes(nodes.map((one, m) => (m === n ? { ...one, ...part } : one)));
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const found = await attempt(() => api.put<List<Node>>("/api/pacs/nodes", { items: nodes }));
    if (!found) return;
    setNodes(found.items);
    notify("good", say("pacs.saved"));
  };
  const echo = async (name: string): Promise<void> => {
    const answer = await attempt(() => api.post<{ seconds: number }>("/api/pacs/echo", { node: name }));
    if (answer) notify("good", say("pacs.answers_in", { name, ms: number(1000 * answer.seconds) }));
  };
  return (
    <form class="admin-part" onSubmit={(event) => void save(event)}>
      <header class="part-head">
        <h2>{say("admin.pacs")}</h2>
        <button type="button" onClick={() => setNodes([...nodes, NEW])}>
          <Icon name="add" />
          <span>{say("pacs.add")}</span>
        </button>
        <button type="submit" class="primary">
          {say("act.save")}
        </button>
      </header>
      <p class="muted">{say("pacs.text")}</p>
      {nodes.length === 0 && <Empty icon="network" title={say("pacs.no_nodes")} />}
      {nodes.map((one, n) => (
        <fieldset key={n} class="card pad node-row">
          <legend class="sr-only">{one.name || say("pacs.node")}</legend>
          <label class="field">
            <span>{say("pacs.node_name")}</span>
            <input required maxLength={40} value={one.name} onInput={(event) => change(n, { name: event.currentTarget.value })} />
          </label>
          <label class="field">
            <span>{say("pacs.host")}</span>
            <input required maxLength={253} value={one.host} onInput={(event) => change(n, { host: event.currentTarget.value })} />
          </label>
          <label class="field">
            <span>{say("pacs.port")}</span>
            <input required type="number" min={1} max={65535} value={one.port} onInput={(event) => change(n, { port: event.currentTarget.valueAsNumber })} />
          </label>
          <label class="field">
            <span>{say("pacs.ae_title")}</span>
            <input required maxLength={16} value={one.ae_title} onInput={(event) => change(n, { ae_title: event.currentTarget.value })} />
          </label>
          <div class="deed-row">
            <button type="button" onClick={() => void echo(one.name)}>
              {say("pacs.echo")}
            </button>
            <button type="button" class="quiet square" aria-label={say("pacs.remove", { name: one.name })} onClick={() => setNodes(nodes.filter((_, m) => m !== n))}>
              <Icon name="trash" />
            </button>
          </div>
          <div class="node-may">
            <label class="check">
              <input type="checkbox" checked={one.answers} onChange={(event) => change(n, { answers: event.currentTarget.checked })} />
              <span>{say("pacs.may_answer")}</span>
            </label>
            <label class="check">
              <input type="checkbox" checked={one.sends} onChange={(event) => change(n, { sends: event.currentTarget.checked })} />
              <span>{say("pacs.may_send")}</span>
            </label>
            <label class="check">
              <input type="checkbox" checked={one.receives} onChange={(event) => change(n, { receives: event.currentTarget.checked })} />
              <span>{say("pacs.may_receive")}</span>
            </label>
          </div>
        </fieldset>
      ))}
    </form>
  );
}
