// What a signature became: the DICOM report of the study, or how far it is.
import type { JSX } from "preact";
import type { Result } from "../../api/types";
import { jobs } from "../../model/jobs";
import { openStudy } from "../../model/study";
import { phrase, say } from "../../model/words";
import { Icon } from "../icon";

const FILES = [
  ["report.pdf", "PDF"],
  ["report.sr.dcm", "DICOM SR"],
  ["report.pdf.dcm", "DICOM PDF"],
] as const;

/** The report of a signed drawing, once it is made. */
export function reportOf(drawing: Result): Result | null {
  return openStudy.value?.results.find((one) => one.kind === "report" && one.parent_id === drawing.id) ?? null;
}

export function SignedReport({ drawing }: { drawing: Result }): JSX.Element | null {
  const report = reportOf(drawing);
  const job = jobs.value.find((one) => one.kind === "report" && one.result_id === drawing.id);
  if (!report) {
    if (job?.state === "failed") return <p class="rd-quiet">{say("read.signed_failed", { why: phrase(job.message) })}</p>;
    return job ? <p class="rd-quiet">{say("read.signed_making")}</p> : null;
  }
  const dicom = report.summary["dicom"] === true;
  return (
    <div data-report={report.id}>
      <p class="rd-files">
        <Icon name="down" size={16} /> {say("read.signed_report")}
        {FILES.filter(([path]) => dicom || path === "report.pdf").map(([path, name]) => (
          <a key={path} href={`/api/results/${report.id}/files/${path}`} download={path}>
            {name}
          </a>
        ))}
      </p>
      {!dicom && <p class="rd-quiet">{say("read.signed_no_dicom")}</p>}
    </div>
  );
}
