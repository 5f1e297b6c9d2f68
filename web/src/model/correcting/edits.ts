// Edits of a label map: recorded voxel by voxel while they are made, so that undo is exact, and bounded in memory.

export type Labels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** Voxels in the order in which they were changed; one that was changed twice stands twice. */
export interface Edit {
  readonly at: Uint32Array;
  readonly before: Labels;
  readonly after: Labels;
}

export function bytesOf(edit: Edit): number {
  return edit.at.byteLength + edit.before.byteLength + edit.after.byteLength;
}

const FIRST = 1024;

/** An edit that is being made: writes into the map and remembers. */
export class Stroke {
  private at = new Uint32Array(FIRST);
  private before: Labels;
  private after: Labels;
  private n = 0;

  constructor(readonly labels: Labels) {
    this.before = like(labels, FIRST);
    this.after = like(labels, FIRST);
  }

  get size(): number {
    return this.n;
  }

  set(index: number, value: number): void {
    const was = this.labels[index]!;
    if (was === value) return;
    if (this.n === this.at.length) this.grow();
    this.at[this.n] = index;
    this.before[this.n] = was;
    this.after[this.n] = value;
    this.n += 1;
    this.labels[index] = value;
  }

  /** What was changed; null where nothing was. */
  end(): Edit | null {
    if (!this.n) return null;
    return { at: this.at.slice(0, this.n), before: this.before.slice(0, this.n), after: this.after.slice(0, this.n) };
  }

  private grow(): void {
    const longer = <T extends Uint32Array | Labels>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const room = this.at.length * 2;
    this.at = longer(this.at, new Uint32Array(room));
    this.before = longer(this.before, like(this.labels, room));
    this.after = longer(this.after, like(this.labels, room));
  }
}

export function like(labels: Labels, n: number): Labels {
  return labels instanceof Uint8Array ? new Uint8Array(n) : new Uint16Array(n);
}

export function redo(labels: Labels, edit: Edit): void {
  for (let n = 0; n < edit.at.length; n++) labels[edit.at[n]!] = edit.after[n]!;
}

/** Backwards, so that a voxel that was changed twice becomes what it was first. */
export function undo(labels: Labels, edit: Edit): void {
  for (let n = edit.at.length - 1; n >= 0; n--) labels[edit.at[n]!] = edit.before[n]!;
}

/** What was done, and what was taken back. The oldest edits can no longer be taken back once memory is full. */
export class History {
  private done: Edit[] = [];
  private undone: Edit[] = [];
  private bytes = 0;
  /** Edits that stand, also those that can no longer be taken back. */
  private count = 0;

  constructor(private readonly most: number = 96 * 1024 * 1024) {}

  get undos(): number {
    return this.done.length;
  }

  get redos(): number {
    return this.undone.length;
  }

  /** The one that undo takes back. */
  get newest(): Edit | null {
    return this.done.at(-1) ?? null;
  }

  get standing(): number {
    return this.count;
  }

  push(edit: Edit): void {
    for (const one of this.undone) this.bytes -= bytesOf(one);
    this.undone = [];
    this.done.push(edit);
    this.count += 1;
    this.bytes += bytesOf(edit);
    while (this.bytes > this.most && this.done.length > 1) this.bytes -= bytesOf(this.done.shift()!);
  }

  undo(labels: Labels): Edit | null {
    const edit = this.done.pop();
    if (!edit) return null;
    undo(labels, edit);
    this.undone.push(edit);
    this.count -= 1;
    return edit;
  }

  redo(labels: Labels): Edit | null {
    const edit = this.undone.pop();
    if (!edit) return null;
    redo(labels, edit);
    this.done.push(edit);
    this.count += 1;
    return edit;
  }

  clear(): void {
    this.done = [];
    this.undone = [];
    this.bytes = this.count = 0;
  }
}
