// A button that opens a list of things to do. Arrow keys walk, Escape closes, and the focus comes back.
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useId, useRef, useState } from "preact/hooks";

export interface Item {
  readonly label: string;
  readonly run?: () => void;
  readonly href?: string;
  readonly icon?: JSX.Element;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** Why it is disabled, or what it does. */
  readonly hint?: string;
}

interface MenuProps {
  readonly label: string;
  readonly items: readonly Item[];
  readonly children: ComponentChildren;
  readonly class?: string;
  /** What stands above the items. */
  readonly head?: ComponentChildren;
}

export function Menu({ label, items, children, class: look = "quiet square", head }: MenuProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("focusin", outside);
    rows(box.current)[0]?.focus();
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);
  const close = (): void => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>("[aria-haspopup]")?.focus();
  };
  return (
    <div class="menu" ref={box} onKeyDown={(event) => open && walk(event, box.current, close)}>
      <button
        type="button"
        class={look}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={label}
        title={label}
        onClick={() => setOpen(!open)}
      >
        {children}
      </button>
      {open && (
        <div class="menu-list">
          {head}
          <div role="menu" id={id} aria-label={label}>
            {items.map((one) => (
              <MenuItem key={one.label} item={one} close={close} />
            ))}
          </div>
        </div>
      )}
    </div>
  );
}

function MenuItem({ item, close }: { item: Item; close: () => void }): JSX.Element {
  const inside = (
    <>
      {item.icon}
      <span>{item.label}</span>
    </>
  );
  if (item.href && !item.disabled) {
    return (
      <a role="menuitem" class="menu-item" href={item.href} title={item.hint} onClick={close}>
        {inside}
      </a>
    );
  }
  return (
    <button
      type="button"
      role="menuitem"
      class={item.danger ? "menu-item danger" : "menu-item"}
      aria-disabled={item.disabled ?? false}
      title={item.hint}
      onClick={() => {
        if (item.disabled) return;
        close();
        item.run?.();
      }}
    >
      {inside}
    </button>
  );
}

function rows(box: HTMLElement | null): HTMLElement[] {
  return [...(box?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
}

function walk(event: KeyboardEvent, box: HTMLElement | null, close: () => void): void {
  const all = rows(box);
  const at = all.indexOf(document.activeElement as HTMLElement);
  const step = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (event.key === "Escape") close();
  else if (step === undefined) return;
  else all[(step + all.length) % all.length]?.focus();
  event.preventDefault();
  event.stopPropagation();
}
