// What lies under the pointer. Inside a translucent organ, what it encloses is meant before the organ itself.
import { DoubleSide, type Intersection, Mesh, MeshBasicMaterial, Raycaster, Vector2, Vector3 } from "three";
import type { Stage } from "../render/stage";
import type { Surface } from "../render/surfaces";

const SOLID = 0.95;
/** Fainter than this is a veil (the skin): it is picked only where nothing else is hit. */
const VEIL = 0.2;

interface Hit {
  readonly surface: Surface;
  readonly distance: number;
}

export class Pick {
  private readonly ray = new Raycaster();
  private readonly inside = new MeshBasicMaterial({ side: DoubleSide });

  constructor(private readonly stage: Stage) {}

  /** The surface under a point of the canvas (CSS pixels from its upper left), null where there is none. */
  at(x: number, y: number): Surface | null {
    const { canvas, camera } = this.stage;
    this.ray.setFromCamera(new Vector2((2 * x) / canvas.clientWidth - 1, 1 - (2 * y) / canvas.clientHeight), camera);
    const hits = this.stage.surfaces.flatMap((one) => (one.mesh.visible ? this.hits(one) : []));
    return this.onCap(hits) ?? meant(hits.sort((a, b) => a.distance - b.distance));
  }

  /** Where the surface that is meant is first hit, in the scene's millimetres; null where there is none. */
  pointAt(x: number, y: number): { surface: Surface; point: Vector3 } | null {
    const surface = this.at(x, y);
    const hit = surface && this.hits(surface).sort((a, b) => a.distance - b.distance)[0];
    return hit ? { surface, point: this.ray.ray.at(hit.distance, new Vector3()) } : null;
  }

  /** The innermost surface whose cap is hit: the ray comes through the cut and then leaves it once more than it enters. */
  private onCap(hits: readonly Hit[]): Surface | null {
    const cut = this.stage.cutPlane;
    if (!cut || cut.distanceToPoint(this.ray.ray.origin) >= 0) return null;
    const open = this.stage.surfaces.filter(
      (one) => one.mesh.material.opacity > VEIL && hits.filter((hit) => hit.surface === one).length % 2 === 1,
    );
    return open[0] ?? null; // surfaces stand in order of size
  }

  private hits(surface: Surface): Hit[] {
    const twin = new Mesh(surface.mesh.geometry, this.inside); // both sides: where the ray leaves matters too
    twin.matrixWorld.copy(surface.mesh.matrixWorld);
    const found: Intersection[] = [];
    twin.raycast(this.ray, found);
    const cut = this.stage.cutPlane;
    return found
      .filter(({ point }) => cut === null || cut.distanceToPoint(point) >= 0)
      .map(({ distance }) => ({ surface, distance }));
  }
}

/** Which of the hits, front to back, the reader means. */
function meant(hits: readonly Hit[]): Surface | null {
  const opacity = (hit: Hit): number => hit.surface.mesh.material.opacity;
  const first = hits.find((hit) => opacity(hit) > VEIL) ?? hits[0];
  if (!first || opacity(first) >= SOLID) return first?.surface ?? null;
  const leaves = Math.max(...hits.filter((hit) => hit.surface === first.surface).map((hit) => hit.distance));
  const within = hits.find((hit) => hit.surface.rank < first.surface.rank && hit.distance <= leaves && opacity(hit) >= SOLID);
  return (within ?? first).surface;
}
