import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { pageReady } from "../../model/place";
import { say } from "../../model/words";

export default function Admin(): JSX.Element {
  useEffect(() => pageReady(), []);
  return <h1>{say("admin.title")}</h1>;
}
