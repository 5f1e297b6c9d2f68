// The drawing's objects and its signed report to an archive that an admin listed, and what became of each.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List, Result } from "../../api/types";
import { jobs, startJob } from "../../model/jobs";
import { attempt } from "../../model/toasts";
import { phrase, say } from "../../model/words";
import { Note, Progress } from "../bits";
import { Icon } from "../icon";

interface Node {
  readonly name: string;
  readonly receives: boolean;
}

export function SendBox({ drawing }: { drawing: Result }): JSX.Element | null {
  const [nodes, setNodes] = useState<readonly Node[]>([]);
  const [chosen, setChosen] = useState("");
  useEffect(() => {
    api.get<List<Node>>("/api/pacs/nodes").then(
      (list) => setNodes(list.items.filter((one) => one.receives)),
      () => setNodes([]), // nothing to send to is nothing to complain of
    );
  }, []);
  const node = nodes.find((one) => one.name === chosen) ?? nodes[0];
  if (!node) return null;
  const job = jobs.value.find((one) => one.kind === "pacs-send" && one.result_id === drawing.id);
  const busy = job?.state === "queued" || job?.state === "running";
  const send = (): void => void attempt(() => startJob("pacs-send", { result_id: drawing.id, options: { node: node.name } }));
  return (
    <div class="rd-send">
      {nodes.length > 1 && (
        <select aria-label={say("read.send_node")} value={node.name} onChange={(event) => setChosen(event.currentTarget.value)}>
          {nodes.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
      )}
      <button type="button" disabled={busy} onClick={send}>
        <Icon name="network" /> {say("read.send_to", { node: node.name })}
      </button>
      {busy && <Progress fraction={job.state === "queued" ? null : job.fraction} label={say("read.sending")} />}
      {job && !busy && job.message && <Note kind={job.state === "done" ? "good" : "bad"}>{phrase(job.message)}</Note>}
    </div>
  );
}
