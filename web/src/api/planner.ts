// Asking the planner of a drawing: what is possible, a moved needle, the skin, a moved cut.
import { type Options, api } from "./client";
import type { Cut } from "../model/planning/cuts";
import type { CutAnswer, Path, PlannerState } from "../model/planning/forms";
import type { Vec } from "../model/planning/vectors";

export class PlannerApi {
  private readonly base: string;

  constructor(readonly drawing: string) {
    this.base = `/api/results/${encodeURIComponent(drawing)}/planner`;
  }

  /** Begins planning where nobody did, and tells how far it is. */
  state(target: string | null, options?: Options): Promise<PlannerState> {
    return api.post(this.base, { target }, options);
  }

  score(target: string, entry_mm: Vec, target_mm: Vec, probe: string | null): Promise<Path> {
    return api.post(`${this.base}/score`, { target, entry_mm, target_mm, probe, stream: "needle" });
  }

  cut(target: string, cut: Cut, surface: boolean): Promise<CutAnswer> {
    return api.post(`${this.base}/cut`, { target, cut, surface, stream: "cut" });
  }

  async skin(target: string, options?: Options): Promise<ArrayBuffer> {
    return (await api.bytes(`${this.base}/skin.glb?target=${encodeURIComponent(target)}`, options)).data;
  }

  async scene(options?: Options): Promise<ArrayBuffer> {
    return (await api.bytes(`/api/results/${encodeURIComponent(this.drawing)}/files/scene.glb`, options)).data;
  }
}
