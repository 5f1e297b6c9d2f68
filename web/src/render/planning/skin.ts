// The skin: a veil to look through, or the map of where a needle may enter and why not elsewhere.
import { type BufferAttribute, type BufferGeometry, Mesh, MeshStandardMaterial, type Object3D, type Plane, Raycaster } from "three";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
import { MM_PER_METRE } from "../../model/space";

const VEIL = 0.13;
const MAP = 0.9;
const PLAIN = "#d9b8a4";

export interface SkinHit {
  /** In the scene. */
  readonly point: { readonly x: number; readonly y: number; readonly z: number };
  /** Of the legend; 0 is open, 255 was not asked. */
  readonly code: number;
}

export class Skin {
  readonly mesh: Mesh<BufferGeometry, MeshStandardMaterial>;
  private readonly codes: BufferAttribute | null;

  private constructor(geometry: BufferGeometry) {
    geometry.computeVertexNormals();
    geometry.scale(MM_PER_METRE, MM_PER_METRE, MM_PER_METRE);
    geometry.computeBoundingSphere();
    this.codes = (geometry.getAttribute("_code") ?? null) as BufferAttribute | null;
    this.mesh = new Mesh(geometry, new MeshStandardMaterial({ roughness: 0.85, transparent: true, depthWrite: false }));
    this.mesh.renderOrder = 2000;
    this.show(true, false);
  }

  static async load(glb: ArrayBuffer): Promise<Skin> {
    const gltf = await new GLTFLoader().parseAsync(glb, "");
    let found: BufferGeometry | null = null;
    gltf.scene.traverse((one: Object3D) => {
      if (one instanceof Mesh) found = one.geometry as BufferGeometry;
    });
    if (found === null) throw new Error("The skin holds no surface.");
    return new Skin(found);
  }

  /** `map`: colours of the reasons; else one veil. */
  show(visible: boolean, map: boolean): void {
    const { material } = this.mesh;
    this.mesh.visible = visible;
    material.vertexColors = map;
    material.color.set(map ? "#ffffff" : PLAIN);
    material.opacity = map ? MAP : VEIL;
    material.depthWrite = map;
    material.needsUpdate = true;
  }

  cut(plane: Plane | null): void {
    const { material } = this.mesh;
    if ((material.clippingPlanes === null) !== (plane === null)) material.needsUpdate = true;
    material.clippingPlanes = plane ? [plane] : null;
  }

  /** Where a ray meets the skin first, and what was said of that place. */
  at(ray: Raycaster): SkinHit | null {
    const hit = ray.intersectObject(this.mesh, false).find(({ point }) => {
      const plane = this.mesh.material.clippingPlanes?.[0];
      return plane === undefined || plane.distanceToPoint(point) >= 0;
    });
    if (!hit?.face) return null;
    return { point: hit.point, code: this.codes?.getX(hit.face.a) ?? 255 };
  }

  dispose(): void {
    this.mesh.geometry.dispose();
    this.mesh.material.dispose();
  }
}
