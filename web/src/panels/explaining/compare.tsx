// Several pictures beneath one another, each with its answer and its maps; and the choice of pictures.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List, StudyDetail, StudyRow } from "../../api/types";
import { type Explainer, newest } from "../../tools/explaining/state";
import { isoDate, moment } from "../../model/format";
import { watchJobs } from "../../model/jobs";
import { attempt } from "../../model/toasts";
import { say } from "../../model/words";
import { Waiting } from "../bits";
import { Dialog } from "../dialog";
import { ask, pictureAddress, Working } from "./asking";
import { Case } from "./case";

export const MOST = 4;

/** Another study than the one that is open; read again when a job on it ends. */
function useStudy(id: string): StudyDetail | null {
  const [study, setStudy] = useState<StudyDetail | null>(null);
  useEffect(() => {
    let current = true;
    const read = async () => {
      const found = await attempt(() => api.get<StudyDetail>(`/api/studies/${id}`));
      if (current && found) setStudy(found);
    };
    void read();
    const stop = watchJobs((job, before) => {
      if (job.study_id === id && job.state !== before?.state) void read();
    });
    return () => {
      current = false;
      stop();
    };
  }, [id]);
  return study;
}

/** What tells one picture from another in a list. */
function titleOf(study: StudyDetail | StudyRow): string {
  return study.description || isoDate(study.date) || moment(study.created);
}

interface RowProps {
  readonly id: string;
  readonly pack: Explainer;
  readonly onTakeOut?: () => void;
  readonly onShown?: () => void;
}

export function Row({ id, pack, onTakeOut, onShown }: RowProps) {
  const study = useStudy(id);
  if (!study) return <Waiting />;
  const result = newest(study, pack.name, null, 0);
  return (
    <section class="ex-row" aria-label={titleOf(study)}>
      <header>
        <h2>
          <a href={`/explain/${id}?pack=${encodeURIComponent(pack.name)}`}>{titleOf(study)}</a>
        </h2>
        {onTakeOut && (
          <button type="button" class="quiet small" onClick={onTakeOut}>
            {say("explain.take_away")}
          </button>
        )}
      </header>
      {result ? (
        <Case study={study} result={result} pack={pack} compact {...(onShown ? { onShown } : {})} />
      ) : (
        <div class="ex-unasked">
          <img src={pictureAddress(id, 0, 320)} alt={say("explain.picture")} onLoad={onShown} />
          <div>
            <p>{say("explain.not_asked", { pack: pack.name })}</p>
            <button type="button" class="primary" onClick={() => void ask(study, pack.name, 0, null)}>
              {say("explain.ask")}
            </button>
            <Working study={id} />
          </div>
        </div>
      )}
    </section>
  );
}

interface ChooseProps {
  readonly taken: readonly string[];
  readonly onChoose: (id: string) => void;
  readonly onClose: () => void;
}

/** The pictures that the reader may see, the newest first. */
export function ChoosePicture({ taken, onChoose, onClose }: ChooseProps) {
  const [rows, setRows] = useState<readonly StudyRow[] | null>(null);
  useEffect(() => {
    const asked = { limit: 60, order: "-created" };
    void attempt(() => api.post<List<StudyRow>>("/api/studies/search", asked)).then((found) => {
      setRows(found ? found.items.filter((one) => one.kind === "picture" && !taken.includes(one.id)) : []);
    });
  }, []);
  return (
    <Dialog title={say("explain.compare_with")} onClose={onClose} wide>
      {rows === null && <Waiting />}
      {rows?.length === 0 && <p>{say("explain.no_other")}</p>}
      <div class="ex-thumbs">
        {rows?.map((one) => (
          <button key={one.id} type="button" class="ex-thumb" onClick={() => onChoose(one.id)}>
            <img src={pictureAddress(one.id, 0, 160)} alt="" loading="lazy" />
            <span>{titleOf(one)}</span>
          </button>
        ))}
      </div>
    </Dialog>
  );
}
