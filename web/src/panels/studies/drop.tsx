// The whole page takes what is dropped on it; a button does the same for those who don't drag.
import type { ComponentChildren, JSX, TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { fail } from "../../model/toasts";
import { say } from "../../model/words";
import { useKeys } from "../../tools/keys";
import { dropped, type Found, picked } from "../../tools/upload/walk";
import { Icon } from "../icon";
import { Menu } from "../menu";

type OnFiles = (found: Found[]) => void;

export function DropZone({ onFiles, children }: { onFiles: OnFiles; children: ComponentChildren }): JSX.Element {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0; // entering a child is no leaving
    const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent): void => {
      if (!holdsFiles(event)) return;
      depth++;
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (holdsFiles(event) && --depth <= 0) setOver(false);
    };
    const hold = (event: DragEvent): void => {
      if (holdsFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      if (!event.dataTransfer || !holdsFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      void dropped(event.dataTransfer).then(onFiles, fail);
    };
    const all = { dragenter: enter, dragleave: leave, dragover: hold, drop } as const;
    for (const [name, handler] of Object.entries(all)) window.addEventListener(name, handler as EventListener);
    return () => {
      for (const [name, handler] of Object.entries(all)) window.removeEventListener(name, handler as EventListener);
    };
  }, []);
  return (
    <>
      {children}
      {over && (
        <div class="drop-veil" aria-hidden="true">
          <div>
            <Icon name="down" size={48} />
            <strong>{say("studies.drop")}</strong>
            <span>{say("studies.drop_detail")}</span>
          </div>
        </div>
      )}
    </>
  );
}

export function PickButton({ onFiles, label }: { onFiles: OnFiles; label?: string }): JSX.Element {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  useKeys(say("studies.title"), [{ key: "u", label: say("studies.upload"), run: () => files.current?.click() }]);
  const take = (event: TargetedEvent<HTMLInputElement>): void => {
    const input = event.currentTarget;
    if (input.files) onFiles(picked(input.files));
    input.value = ""; // the same folder may be picked again
  };
  return (
    <div class="pick">
      <button type="button" class="primary" onClick={() => files.current?.click()}>
        <Icon name="up" />
        <span>{label ?? say("studies.upload")}</span>
      </button>
      <Menu
        label={say("studies.upload_more")}
        class="primary square"
        items={[
          { label: say("studies.pick_files"), icon: <Icon name="file" />, run: () => files.current?.click() },
          { label: say("studies.pick_folder"), icon: <Icon name="folder" />, run: () => folder.current?.click() },
        ]}
      >
        <Icon name="chevron" size={16} />
      </Menu>
      <input ref={files} type="file" multiple hidden tabIndex={-1} aria-label={say("studies.pick_files")} onChange={take} data-pick="files" />
      <input
        ref={(input) => {
          input?.setAttribute("webkitdirectory", "");
          folder.current = input;
        }}
        type="file"
        multiple
        hidden
        tabIndex={-1}
        aria-label={say("studies.pick_folder")}
        onChange={take}
        data-pick="folder"
      />
    </div>
  );
}
