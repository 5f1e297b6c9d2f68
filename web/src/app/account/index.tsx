// Opens the account's dialog, which is loaded when it is first asked for.
import { signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { attempt } from "../../model/toasts";

type DialogOf = ComponentType<{ onClose: () => void }>;
const shown = signal<DialogOf | null>(null);

export function openAccount(): void {
  void attempt(() => import("./dialog")).then((loaded) => {
    if (loaded) shown.value = loaded.default;
  });
}

export function Account(): JSX.Element | null {
  const Shown = shown.value;
  return Shown && <Shown onClose={() => (shown.value = null)} />;
}
