// What a GLB of ours says of its surfaces, read from its JSON before three.js is asked.
import type { Structure } from "../../model/structure";

interface Extras {
  readonly label?: string;
  readonly kind?: string;
  readonly color?: readonly [number, number, number];
  readonly opacity?: number;
}

interface Tree {
  readonly nodes?: readonly { readonly name?: string; readonly extras?: Extras }[];
}

const HEADER = 12;
const CHUNK = 8;

/** The structures of a scene, by the names and extras of its nodes. Source: glTF 2.0, 4.4 (binary container). */
export function structuresOf(glb: ArrayBuffer): readonly Structure[] {
  const size = new DataView(glb).getUint32(HEADER, true);
  const tree = JSON.parse(new TextDecoder().decode(new Uint8Array(glb, HEADER + CHUNK, size))) as Tree;
  return (tree.nodes ?? []).flatMap(({ name, extras }) =>
    name === undefined || extras?.label === undefined
      ? []
      : [
          {
            id: name,
            title: extras.kind === "lesion" ? name : extras.label,
            kind: extras.kind ?? "organ",
            color: extras.color ?? [200, 200, 200],
            opacity: extras.opacity ?? 1,
            visible: true,
            facts: [],
          },
        ],
  );
}
