// "Real or made?": a page that asks a person, with real pictures of their own beside as many of nobody.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import type { List, StudyRow } from "../../api/types";
import { startJob } from "../../model/jobs";
import { lang } from "../../model/look";
import { attempt } from "../../model/toasts";
import { say } from "../../model/words";
import { Waiting } from "../bits";
import { Dialog } from "../dialog";
import { pictureAddress } from "../explaining/asking";

const MOST = 40;

/** The reader chooses real pictures; the job makes the page. */
export function Quiz({ pack }: { pack: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {say("generate.quiz")}
      </button>
      {open && <Choose pack={pack} onClose={() => setOpen(false)} />}
    </>
  );
}

function Choose({ pack, onClose }: { pack: string; onClose: () => void }) {
  const [rows, setRows] = useState<readonly StudyRow[] | null>(null);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  useEffect(() => {
    const asked = { limit: 100, order: "-created" };
    void attempt(() => api.post<List<StudyRow>>("/api/studies/search", asked)).then((found) =>
      setRows(found?.items.filter((one) => one.kind === "picture") ?? []),
    );
  }, []);
  const turn = (id: string) => setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id].slice(-MOST));
  const go = () => {
    onClose();
    void attempt(() => startJob("generate", { options: { pack, quiz_with: chosen, lang: lang.value } }));
  };
  return (
    <Dialog title={say("generate.quiz")} onClose={onClose} wide>
      <p>{say("generate.quiz_hint")}</p>
      {rows === null && <Waiting />}
      {rows?.length === 0 && <p>{say("generate.quiz_none")}</p>}
      <div class="ge-choices">
        {rows?.map((one) => (
          <button key={one.id} type="button" class="ge-thumb" aria-pressed={chosen.includes(one.id)} aria-label={one.description} onClick={() => turn(one.id)}>
            <img src={pictureAddress(one.id, 0, 160)} alt="" loading="lazy" />
          </button>
        ))}
      </div>
      <footer class="dialog-foot">
        <button type="button" onClick={() => setChosen((rows ?? []).slice(0, MOST).map((one) => one.id))}>
          {say("generate.quiz_all")}
        </button>
        <button type="button" class="primary" disabled={!chosen.length} onClick={go}>
          {say("generate.quiz_make", { n: 2 * chosen.length })}
        </button>
      </footer>
    </Dialog>
  );
}
