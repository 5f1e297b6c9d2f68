// A needle in the scene: its rod, also faintly where something covers it, and two handles where it can be held.
import {
  Color,
  CylinderGeometry,
  Group,
  Mesh,
  MeshBasicMaterial,
  MeshStandardMaterial,
  Quaternion,
  SphereGeometry,
  Vector3,
} from "three";
import { type Vec, toScene } from "../../model/planning/vectors";
import { steady } from "./steady";

export type Standing = "best" | "other" | "doubt" | "refused" | "asked";

/** Of the rod; what a needle may not do is said in words too, never by colour alone. */
export const NEEDLE_COLORS: Readonly<Record<Standing, string>> = {
  best: "#2a9d6f",
  other: "#568cc4",
  doubt: "#e0a030",
  refused: "#e5484d",
  asked: "#b4bac4",
};

const RADIUS_MM = 1.1;
/** How far a needle is shown before it enters. */
const OUTSIDE_MM = 45;
const UP = new Vector3(0, 1, 0);

export class Needle {
  readonly group = new Group();
  readonly entry: Mesh;
  readonly tip: Mesh;
  private readonly rods: readonly Mesh[];
  private readonly solid = new MeshStandardMaterial({ roughness: 0.35 });
  private readonly faint = new MeshBasicMaterial({ transparent: true, opacity: 0.38, depthTest: false, depthWrite: false });
  private readonly grip = new MeshBasicMaterial({ color: "#ffffff", depthTest: false, transparent: true, opacity: 0.8 });
  private readonly end = new MeshBasicMaterial({ color: "#ffd166", depthTest: false, transparent: true, opacity: 0.95 });

  constructor(readonly id: string) {
    const rod = new CylinderGeometry(RADIUS_MM, RADIUS_MM, 1, 20);
    const ball = new SphereGeometry(1, 24, 16);
    this.rods = [new Mesh(rod, this.solid), new Mesh(rod, this.faint)];
    this.entry = new Mesh(ball, this.grip);
    this.tip = new Mesh(ball, this.end);
    this.rods[1]!.renderOrder = 3000;
    this.entry.renderOrder = this.tip.renderOrder = 3001;
    steady(this.entry, 9);
    steady(this.tip, 6);
    this.group.add(...this.rods, this.entry, this.tip);
    this.group.name = id;
    this.hold(false);
  }

  /** Puts the needle between an entry and a tip. */
  place(entry_mm: Vec, tip_mm: Vec): void {
    const [entry, tip] = [toScene(entry_mm), toScene(tip_mm)];
    const outward = entry.clone().sub(tip).normalize();
    const outer = entry.clone().addScaledVector(outward, OUTSIDE_MM);
    const turn = new Quaternion().setFromUnitVectors(UP, outward);
    for (const rod of this.rods) {
      rod.position.copy(outer).add(tip).multiplyScalar(0.5);
      rod.quaternion.copy(turn);
      rod.scale.y = outer.distanceTo(tip);
    }
    this.entry.position.copy(entry);
    this.tip.position.copy(tip);
  }

  paint(standing: Standing): void {
    const color = new Color(NEEDLE_COLORS[standing]);
    this.solid.color.copy(color);
    this.solid.emissive.copy(color).multiplyScalar(0.25);
    this.faint.color.copy(color);
  }

  /** Shows the handles of the needle that is worked on; the others are thinner. */
  hold(held: boolean): void {
    this.entry.visible = this.tip.visible = held;
    for (const rod of this.rods) {
      const wide = held ? 1 : 0.55;
      rod.scale.x = rod.scale.z = wide;
    }
    this.faint.opacity = held ? 0.38 : 0.16;
  }

  dispose(): void {
    this.rods[0]!.geometry.dispose();
    this.entry.geometry.dispose();
    for (const one of [this.solid, this.faint, this.grip, this.end]) one.dispose();
  }
}
