// Who else sees a study, and its end.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List, Person, StudyDetail, StudyRow } from "../../api/types";
import { isoDate } from "../../model/format";
import { attempt, notify } from "../../model/toasts";
import { say } from "../../model/words";
import { loadStudies } from "../../model/worklist";
import { Waiting } from "../bits";
import { Confirm, Dialog } from "../dialog";

interface Props {
  readonly study: StudyRow;
  readonly onClose: () => void;
}

export function Share({ study, onClose }: Props): JSX.Element {
  const [people, setPeople] = useState<readonly Person[] | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [everyone, setEveryone] = useState(study.shared);
  useEffect(() => {
    void attempt(async () => {
      const [all, now] = await Promise.all([api.get<List<Person>>("/api/people"), api.get<StudyDetail>(`/api/studies/${study.id}`)]);
      setChosen(new Set(now.grants.map((one) => one.id)));
      setPeople(all.items);
    });
  }, [study.id]);
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const done = await attempt(async () => {
      await api.patch(`/api/studies/${study.id}`, { shared: everyone, grants: [...chosen] });
      return true;
    });
    if (!done) return;
    notify("good", say("studies.share_saved"));
    onClose();
    await loadStudies();
  };
  const flip = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <Dialog title={say("studies.share_title")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <p>
          <strong>{nameOf(study)}</strong>
        </p>
        <p class="muted">{say("studies.share_text")}</p>
        <label class="check">
          <input type="checkbox" checked={everyone} onChange={(event) => setEveryone(event.currentTarget.checked)} />
          <span>{say("studies.share_all")}</span>
        </label>
        {people === null ? (
          <Waiting />
        ) : (
          <fieldset class="people" disabled={everyone}>
            <legend>{say("studies.share_some")}</legend>
            {people.map((one) => (
              <label key={one.id} class="check">
                <input type="checkbox" checked={everyone || chosen.has(one.id)} onChange={() => flip(one.id)} />
                <span>{one.display}</span>
              </label>
            ))}
            {people.length === 0 && <p class="muted">{say("studies.share_nobody")}</p>}
          </fieldset>
        )}
        <footer class="dialog-foot">
          <button type="button" onClick={onClose}>
            {say("act.cancel")}
          </button>
          <button type="submit" class="primary" disabled={people === null}>
            {say("act.save")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Whose study, of what and when: nobody shall share or delete the one beside it. */
function nameOf(study: StudyRow): string {
  const facts = [study.modalities.join("/"), isoDate(study.date), study.description].filter(Boolean).join(", ");
  return `${study.patient.name || say("studies.nameless")} (${facts})`;
}

export function Remove({ study, onClose }: Props): JSX.Element {
  const remove = async (): Promise<void> => {
    const done = await attempt(async () => {
      await api.del(`/api/studies/${study.id}`);
      return true;
    });
    if (done) notify("good", say("studies.removed"));
    await loadStudies();
  };
  return (
    <Confirm
      title={say("studies.remove_title")}
      text={say("studies.remove_text", { patient: nameOf(study), n: study.instances })}
      act={say("studies.remove_act")}
      onAct={() => void remove()}
      onClose={onClose}
    />
  );
}
