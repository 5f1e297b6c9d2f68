// Asking the hospital's archive: what is found there is fetched by a job and then stands in the list.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List } from "../../api/types";
import { isoDate, number } from "../../model/format";
import { startJob } from "../../model/jobs";
import { may } from "../../model/session";
import { attempt, notify } from "../../model/toasts";
import { count, phrase, say } from "../../model/words";
import { Empty, Note, TableBox, Waiting } from "../bits";
import { Dialog } from "../dialog";
import { Icon } from "../icon";

interface Node {
  readonly name: string;
  readonly answers: boolean;
}
interface Held {
  readonly node: string;
  readonly study_uid: string;
  readonly patient: { readonly name: string; readonly id: string };
  readonly date: string;
  readonly description: string;
  readonly modalities: readonly string[];
  readonly instances: number | null;
}
/** `more`: a node holds more than it was asked to tell; `problems`: nodes that did not answer. */
interface Answer extends List<Held> {
  readonly more: boolean;
  readonly problems: readonly string[];
}
interface Question {
  readonly node: string;
  readonly patient_name: string;
  readonly patient_id: string;
  readonly since: string;
  readonly modality: string;
}

export function Pacs({ onClose }: { onClose: () => void }): JSX.Element {
  const [nodes, setNodes] = useState<readonly Node[] | null>(null);
  const [found, setFound] = useState<Answer | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    void attempt(() => api.get<List<Node>>("/api/pacs/nodes")).then((list) => setNodes(list?.items.filter((one) => one.answers) ?? []));
  }, []);
  const ask = async (question: Question): Promise<void> => {
    setBusy(true);
    const { node, since, ...rest } = question;
    setFound(await attempt(() => api.post<Answer>("/api/pacs/search", { ...rest, node: node || null, since: since || null })));
    setBusy(false);
  };
  return (
    <Dialog title={say("pacs.title")} onClose={onClose} wide>
      {nodes === null ? (
        <Waiting />
      ) : nodes.length === 0 ? (
        <Empty icon="network" title={say("pacs.no_nodes")}>
          <p>{say("pacs.no_nodes_detail")}</p>
          {may("admin") && (
            <a class="button" href="/admin/pacs">
              {say("pacs.to_nodes")}
            </a>
          )}
        </Empty>
      ) : (
        <>
          <PacsForm nodes={nodes} busy={busy} onAsk={(question) => void ask(question)} />
          {busy && <Waiting text={say("pacs.asking")} />}
          {!busy && found && <HeldList found={found} />}
        </>
      )}
    </Dialog>
  );
}

function PacsForm({ nodes, busy, onAsk }: { nodes: readonly Node[]; busy: boolean; onAsk: (question: Question) => void }): JSX.Element {
  const [question, setQuestion] = useState<Question>({ node: "", patient_name: "", patient_id: "", since: "", modality: "" });
  const set = (part: Partial<Question>): void => setQuestion({ ...question, ...part });
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        onAsk(question);
      }}
    >
      <label class="field">
        <span>{say("pacs.node")}</span>
        <select value={question.node} onChange={(event) => set({ node: event.currentTarget.value })}>
          <option value="">{say("pacs.any_node")}</option>
          {nodes.map((one) => (
            <option key={one.name} value={one.name}>{one.name}</option>
          ))}
        </select>
      </label>
      <label class="field grow">
        <span>{say("pacs.name")}</span>
        <input autocomplete="off" value={question.patient_name} onInput={(event) => set({ patient_name: event.currentTarget.value })} />
      </label>
      <label class="field">
        <span>{say("pacs.id")}</span>
        <input autocomplete="off" value={question.patient_id} onInput={(event) => set({ patient_id: event.currentTarget.value })} />
      </label>
      <label class="field">
        <span>{say("pacs.since")}</span>
        <input type="date" value={question.since} onInput={(event) => set({ since: event.currentTarget.value })} />
      </label>
      <label class="field">
        <span>{say("studies.modality")}</span>
        <select value={question.modality} onChange={(event) => set({ modality: event.currentTarget.value })}>
          <option value="">{say("studies.any_modality")}</option>
          {["CT", "MR", "US", "CR", "DX", "MG"].map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <button type="submit" class="primary" disabled={busy}>
        <Icon name="search" />
        <span>{say("pacs.ask")}</span>
      </button>
    </form>
  );
}

function HeldList({ found }: { found: Answer }): JSX.Element {
  const [taken, setTaken] = useState<ReadonlySet<string>>(new Set());
  const fetchOne = async (one: Held): Promise<void> => {
    const job = await attempt(() => startJob("pacs-get", { options: { node: one.node, study_uid: one.study_uid } }));
    if (!job) return;
    setTaken(new Set([...taken, one.study_uid]));
    notify("note", say("pacs.fetching"), say("pacs.fetching_detail"));
  };
  const problems = found.problems.map((one) => (
    <Note key={one} kind="warn">
      {phrase(one)}
    </Note>
  ));
  if (found.items.length === 0) return <>{problems.length > 0 ? problems : <Note>{say("pacs.nothing")}</Note>}</>;
  return (
    <TableBox look="stack" label={say("pacs.title")}>
      {problems}
      {found.more && <Note>{say("pacs.more")}</Note>}
      <table class="list">
        <caption>{count("pacs.found", found.items.length)}</caption>
        <tbody>
          {found.items.map((one) => (
            <tr key={one.study_uid}>
              <th scope="row" class="patient">
                <span>{one.patient.name || say("studies.nameless")}</span>
                <span class="muted small-text">{one.patient.id}</span>
              </th>
              <td class="nowrap">{isoDate(one.date)}</td>
              <td>{one.modalities.join("/")}</td>
              <td>{one.description}</td>
              <td class="muted">{one.node}</td>
              <td class="number">{one.instances === null ? "" : number(one.instances)}</td>
              <td class="deeds">
                <button type="button" disabled={taken.has(one.study_uid)} onClick={() => void fetchOne(one)}>
                  {taken.has(one.study_uid) ? say("pacs.asked") : say("pacs.fetch")}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}
