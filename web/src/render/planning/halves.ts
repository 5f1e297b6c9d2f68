// The liver in two colours: what stays and what is taken out, and what stays without its flow.
import { BufferAttribute, Color, type MeshStandardMaterial } from "three";
import type { Surface } from "../surfaces";

/** Eighths of a millimetre, as the server tells distances from the cut. */
const STEPS_PER_MM = 8;
const FAR_MM = -16;

export const LIVER_COLORS = { stays: "#b25e4c", taken: "#ecd9b2", noInflow: "#5f5fae", noOutflow: "#3c86be" } as const;

export class Halves {
  private readonly on = { value: 0 };
  private readonly count: number;

  constructor(readonly liver: Surface) {
    const { geometry, material } = liver.mesh;
    this.count = geometry.getAttribute("position").count;
    geometry.setAttribute("aSide", new BufferAttribute(new Float32Array(this.count).fill(FAR_MM), 1));
    geometry.setAttribute("aFlow", new BufferAttribute(new Float32Array(2 * this.count), 2));
    paint(material, this.on);
  }

  /** Colours the liver; false where the answer is of another surface. */
  show(sides: Int8Array, flow: Uint8Array): boolean {
    if (sides.length !== this.count || flow.length !== this.count) return false;
    const { geometry } = this.liver.mesh;
    const side = geometry.getAttribute("aSide") as BufferAttribute;
    const lost = geometry.getAttribute("aFlow") as BufferAttribute;
    for (let i = 0; i < this.count; i++) {
      side.setX(i, (sides[i] ?? 0) / STEPS_PER_MM);
      lost.setXY(i, (flow[i] ?? 0) & 2 ? 1 : 0, (flow[i] ?? 0) & 4 ? 1 : 0);
    }
    side.needsUpdate = lost.needsUpdate = true;
    this.on.value = 1;
    return true;
  }

  hide(): void {
    this.on.value = 0;
  }

  /** Share of the liver's points that are taken out; tests look at it. */
  get takenShare(): number {
    const side = this.liver.mesh.geometry.getAttribute("aSide") as BufferAttribute;
    let taken = 0;
    for (let i = 0; i < this.count; i++) if (side.getX(i) > 0) taken += 1;
    return this.on.value ? taken / Math.max(1, this.count) : 0;
  }
}

function paint(material: MeshStandardMaterial, on: { value: number }): void {
  const before = material.onBeforeCompile.bind(material);
  material.onBeforeCompile = (shader, renderer) => {
    before(shader, renderer);
    shader.uniforms["uHalves"] = on;
    for (const [name, color] of Object.entries(LIVER_COLORS)) shader.uniforms[`u_${name}`] = { value: new Color(color) };
    shader.vertexShader = shader.vertexShader
      .replace("#include <common>", "#include <common>\nattribute float aSide; attribute vec2 aFlow; varying float vSide; varying vec2 vFlow;")
      .replace("#include <begin_vertex>", "#include <begin_vertex>\nvSide = aSide; vFlow = aFlow;");
    shader.fragmentShader = shader.fragmentShader
      .replace(
        "#include <common>",
        "#include <common>\nuniform float uHalves; uniform vec3 u_stays, u_taken, u_noInflow, u_noOutflow; varying float vSide; varying vec2 vFlow;",
      )
      .replace(
        "#include <color_fragment>",
        `#include <color_fragment>
         if (uHalves > 0.5) {
           vec3 stays = mix(mix(u_stays, u_noOutflow, step(0.5, vFlow.y)), u_noInflow, step(0.5, vFlow.x));
           float edge = max(fwidth(vSide), 0.05);
           diffuseColor.rgb = mix(stays, u_taken, smoothstep(-edge, edge, vSide));
         }`,
      );
  };
  material.customProgramCacheKey = () => "limner-liver-halves";
  material.needsUpdate = true;
}
