// Written by the page's own helper; this is what stands until then.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { pageReady } from "../../model/place";
import { enterResult } from "../../model/study";
import { attempt } from "../../model/toasts";
import { say } from "../../model/words";
import { Empty } from "../../panels/bits";
import type { PageProps } from "../router";

export default function Correct({ params }: PageProps): JSX.Element {
  useEffect(() => {
    void attempt(() => enterResult(params.result ?? "")).then(() => pageReady());
  }, []);
  return <Empty icon="correct" title={say("correct.title")} />;
}
