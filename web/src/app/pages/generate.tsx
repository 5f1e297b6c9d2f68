// Written by the page's own helper; this is what stands until then.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { pageReady } from "../../model/place";
import { say } from "../../model/words";
import { Empty } from "../../panels/bits";

export default function Generate(): JSX.Element {
  useEffect(() => pageReady(), []);
  return <Empty icon="generate" title={say("generate.title")} />;
}
