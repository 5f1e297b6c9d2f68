// The overlay that `?` opens: every key that works here, now.
import type { JSX } from "preact";
import { caps, layers } from "../tools/keys";
import { say } from "../model/words";
import { Dialog } from "./dialog";

export function Keymap({ onClose }: { onClose: () => void }): JSX.Element {
  const shown = [...layers.value].reverse().filter((layer) => layer.keys.some((one) => !one.hidden));
  return (
    <Dialog title={say("keys.title")} onClose={onClose} wide>
      <div class="keymap">
        {shown.map((layer) => (
          <section key={layer.title}>
            <h3>{layer.title}</h3>
            <dl>
              {layer.keys
                .filter((one) => !one.hidden)
                .map((one) => (
                  <div key={one.key}>
                    <dt>
                      {caps(one.key).map((cap) => (
                        <kbd key={cap}>{cap}</kbd>
                      ))}
                    </dt>
                    <dd>{one.label}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
