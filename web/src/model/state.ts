// What the reader has chosen. Panels and tools change it here; the renderer and the panels follow it.
import type { Plane } from "./space";
import type { Structure } from "./structure";

export interface Cut {
  readonly plane: Plane | null;
  /** LPS coordinate across the plane, mm. */
  readonly position_mm: number;
  readonly flipped: boolean;
}

export interface ViewerState {
  readonly visible: Readonly<Record<string, boolean>>;
  readonly opacity: Readonly<Record<string, number>>;
  readonly isolated: string | null;
  readonly selected: string | null;
  readonly cut: Cut;
}

export type Listener = (state: ViewerState) => void;

export function openingState(structures: readonly Structure[]): ViewerState {
  return {
    visible: Object.fromEntries(structures.map((one) => [one.id, one.visible])),
    opacity: Object.fromEntries(structures.map((one) => [one.id, one.opacity])),
    isolated: null,
    selected: null,
    cut: { plane: null, position_mm: 0, flipped: false },
  };
}

/** Whether a structure is drawn: isolating one hides the others without forgetting what was shown. */
export function isShown(state: ViewerState, id: string): boolean {
  return state.isolated === null ? (state.visible[id] ?? false) : state.isolated === id;
}

export class Store {
  private current: ViewerState;
  private readonly listeners: Listener[] = [];

  constructor(private readonly opening: ViewerState) {
    this.current = opening;
  }

  get state(): ViewerState {
    return this.current;
  }

  /** Calls the listener now and after every change. */
  follow(listener: Listener): void {
    this.listeners.push(listener);
    listener(this.current);
  }

  change(part: Partial<ViewerState>): void {
    this.current = { ...this.current, ...part };
    for (const listener of this.listeners) listener(this.current);
  }

  show(id: string, visible: boolean): void {
    this.change({ visible: { ...this.current.visible, [id]: visible }, isolated: null });
  }

  showAll(visible: boolean): void {
    const ids = Object.keys(this.current.visible);
    this.change({ visible: Object.fromEntries(ids.map((id) => [id, visible])), isolated: null });
  }

  fade(id: string, opacity: number): void {
    this.change({ opacity: { ...this.current.opacity, [id]: Math.min(1, Math.max(0, opacity)) } });
  }

  isolate(id: string | null): void {
    this.change({ isolated: this.current.isolated === id ? null : id });
  }

  select(id: string | null): void {
    if (id !== this.current.selected) this.change({ selected: id });
  }

  cut(part: Partial<Cut>): void {
    this.change({ cut: { ...this.current.cut, ...part } });
  }

  reset(): void {
    this.change(this.opening);
  }
}
