// What is done with a study from its row.
import { api } from "../../api/client";
import type { Study, StudyDetail } from "../../api/types";
import { startJob } from "../../model/jobs";
import { lang } from "../../model/look";
import { navigate } from "../../model/place";
import { resultsOf } from "../../model/study";
import { attempt, notify } from "../../model/toasts";
import { say } from "../../model/words";
import { jobOf } from "../../model/worklist";

/** Whether a drawing may be asked for: nothing is at work on it already. */
export function canDraw(study: Study): boolean {
  return jobOf(study.id) === null && study.status !== "drawing";
}

/** Asks for a drawing with the pack that suits the study; the server chooses it. */
export async function drawStudy(study: Study): Promise<void> {
  const job = await attempt(() => startJob("draw", { study_id: study.id, options: { lang: lang.value } }));
  if (job) notify("note", say("studies.drawing_begun"), say("studies.drawing_begun_detail"));
}

/** Opens the newest plan, or the planning of the newest drawing. */
export async function openPlan(study: Study): Promise<void> {
  const whole = await attempt(() => api.get<StudyDetail>(`/api/studies/${study.id}`));
  if (!whole) return;
  const drawing = resultsOf(whole, "drawing")[0];
  if (!drawing) return void notify("note", say("shell.draw_first"));
  const plan = resultsOf(whole, "plan").find((one) => one.parent_id === drawing.id);
  navigate(`/plan/${(plan ?? drawing).id}`);
}
