// The surfaces of a scene: GLB nodes matched to structures, with materials in which one can see through an organ.
import { Box3, type BufferGeometry, Color, DoubleSide, FrontSide, Group, Mesh, MeshStandardMaterial, Vector3 } from "three";
import { GLTFLoader, type GLTF } from "three/examples/jsm/loaders/GLTFLoader.js";
import { MM_PER_METRE } from "../model/space";
import { isShown, type ViewerState } from "../model/state";
import type { Structure } from "../model/structure";

export interface Surface {
  readonly structure: Structure;
  readonly mesh: Mesh<BufferGeometry, MeshStandardMaterial>;
  /** World box in millimetres. */
  readonly box: Box3;
  /** 0 for the innermost (a small lesion), last for what surrounds all: inner things are drawn before outer ones. */
  rank: number;
}

/** Opaque from here on. */
const OPAQUE = 0.985;
/** From here on a surface still hides itself and what lies behind it: it writes depth. */
const DENSE = 0.75;

export async function loadSurfaces(glb: ArrayBuffer, structures: readonly Structure[]): Promise<[Group, Surface[]]> {
  const gltf = await new GLTFLoader().parseAsync(glb, "");
  const root = new Group();
  root.scale.setScalar(MM_PER_METRE);
  root.add(gltf.scene);
  root.updateMatrixWorld(true);
  const known = new Map(structures.map((one) => [one.id, one]));
  const surfaces: Surface[] = [];
  root.traverse((object) => {
    if (!(object instanceof Mesh)) return;
    const mesh = object as Mesh<BufferGeometry, MeshStandardMaterial>;
    const structure = known.get(nodeName(gltf, mesh));
    mesh.visible = structure !== undefined;
    if (structure) surfaces.push(dress(mesh, structure));
  });
  surfaces.sort((a, b) => depth(a) - depth(b) || size(a.box) - size(b.box)).forEach((one, rank) => (one.rank = rank));
  return [root, surfaces];
}

/** The name that the GLB file gives the node; three's own object names are cleaned and made unique. */
export function nodeName(gltf: GLTF, mesh: Mesh): string {
  for (let object = mesh as Mesh["parent"]; object; object = object.parent) {
    const index = gltf.parser.associations.get(object)?.nodes;
    if (index !== undefined) return (gltf.parser.json as { nodes: { name?: string }[] }).nodes[index]?.name ?? "";
  }
  return "";
}

function dress(mesh: Mesh<BufferGeometry, MeshStandardMaterial>, structure: Structure): Surface {
  if (!mesh.geometry.getAttribute("normal")) mesh.geometry.computeVertexNormals();
  const [r, g, b] = structure.color;
  mesh.material = glass(new MeshStandardMaterial({ color: new Color(`rgb(${r},${g},${b})`), roughness: 0.58 }));
  return { structure, mesh, box: new Box3().setFromObject(mesh), rank: 0 };
}

/** Makes a translucent surface denser at its rim, as glass is: its outline is seen and its middle looked through. */
function glass(material: MeshStandardMaterial): MeshStandardMaterial {
  material.onBeforeCompile = (shader) => {
    shader.fragmentShader = shader.fragmentShader.replace(
      "#include <opaque_fragment>",
      `if (opacity < ${OPAQUE.toFixed(3)}) {
         float facing = abs(dot(normalize(vViewPosition), normal));
         float rim = min(1.0, opacity * (0.75 + 1.35 * pow(1.0 - facing, 2.0)));
         diffuseColor.a = mix(rim, opacity, smoothstep(0.5, 0.85, opacity));
       }
       #include <opaque_fragment>`,
    );
  };
  return material;
}

/** Lesions and vessels lie in organs, organs in the body. */
function depth({ structure }: Surface): number {
  return { lesion: 0, box: 0, vessel: 1, organ: 2, tissue: 3 }[structure.kind] ?? 2;
}

function size(box: Box3): number {
  const { x, y, z } = box.getSize(new Vector3());
  return x * y * z;
}

/** Brings the materials to the reader's choices. Translucent surfaces write no depth and come after opaque ones. */
export function followState(surfaces: readonly Surface[], state: ViewerState): void {
  for (const { structure, mesh, rank } of surfaces) {
    const opacity = state.opacity[structure.id] ?? structure.opacity;
    const opaque = opacity >= OPAQUE;
    const { material } = mesh;
    mesh.visible = isShown(state, structure.id) && opacity > 0.005;
    mesh.renderOrder = opaque ? 0 : 1000 + rank;
    if (material.transparent === opaque) material.needsUpdate = true;
    material.transparent = !opaque;
    material.depthWrite = opacity >= DENSE;
    material.polygonOffset = !opaque; // where a lesion reaches the surface of its organ, the lesion is seen
    material.polygonOffsetFactor = material.polygonOffsetUnits = 2;
    material.opacity = opaque ? 1 : opacity;
    material.side = opaque ? DoubleSide : FrontSide;
    material.emissive.set(structure.id === state.selected ? 0x2a2418 : 0x000000);
  }
}

/** The box around all surfaces, or around the shown ones, mm. */
export function boxOf(surfaces: readonly Surface[]): Box3 {
  return surfaces.reduce((box, one) => box.union(one.box), new Box3());
}
