// The drawing's surfaces beside the slices: the slices stand in the scene, and a click in the scene moves them.
import {
  BufferAttribute, BufferGeometry, CanvasTexture, Color, DoubleSide, Group, LineBasicMaterial, LineLoop, LinearFilter, Mesh,
  MeshBasicMaterial, SphereGeometry, SRGBColorSpace, Vector3,
} from "three";
import { AXES, type Grid, PLANES, type Plane, type Vec3, withAxis } from "../../model/reading/grid";
import { Store, openingState } from "../../model/state";
import type { Structure } from "../../model/structure";
import { Pick } from "../pick";
import { Turn } from "../turn";
import { Stage } from "../../render/stage";
import { loadSurfaces } from "../../render/surfaces";
import { CROSS } from "../../render/reading/annotate";
import type { SlicePicture } from "../../render/reading/picture";

const STILL_PX = 5;

export class ReadingScene {
  readonly turn: Turn;
  private readonly pick: Pick;
  private readonly marks = new Group();
  private readonly marker = new Mesh(
    new SphereGeometry(1, 20, 14),
    new MeshBasicMaterial({ color: 0xffd866, depthTest: false, transparent: true, opacity: 0.9 }),
  );
  private readonly sheets: Readonly<Record<Plane, Sheet>>;

  private constructor(
    readonly stage: Stage,
    readonly store: Store,
    private readonly grid: Grid,
    pictures: Readonly<Record<Plane, SlicePicture>>,
  ) {
    this.turn = new Turn(stage);
    this.pick = new Pick(stage);
    this.marker.renderOrder = 5000;
    this.marker.scale.setScalar(stage.sphere.radius / 70);
    const sheet = (plane: Plane) => new Sheet(plane, grid, pictures[plane].canvas);
    this.sheets = { axial: sheet("axial"), coronal: sheet("coronal"), sagittal: sheet("sagittal") };
    this.marks.add(this.marker, ...PLANES.flatMap((plane) => this.sheets[plane].objects));
    stage.add(this.marks);
    store.follow((state) => stage.follow(state));
  }

  static async open(
    canvas: HTMLCanvasElement,
    glb: ArrayBuffer,
    structures: readonly Structure[],
    grid: Grid,
    pictures: Readonly<Record<Plane, SlicePicture>>,
  ): Promise<ReadingScene> {
    const [root, surfaces] = await loadSurfaces(glb, structures);
    if (!surfaces.length) throw new Error("The scene holds no surface that the findings name.");
    const scene = new ReadingScene(new Stage(canvas, root, surfaces), new Store(openingState(structures)), grid, pictures);
    scene.turn.look("anterior");
    return scene;
  }

  /** Brings slices and marker to the cross-hair; `textured` planes show their picture. */
  follow(cross: Vec3, textured: readonly Plane[]): void {
    this.marker.position.copy(toScene(this.grid.world(cross)));
    for (const plane of PLANES) this.sheets[plane].place(cross, textured.includes(plane));
    this.stage.draw();
  }

  /** Calls back with the world point of the surface under a click, and the surface's id. */
  onPick(pointed: (world: Vec3, id: string) => void): void {
    const { canvas, compass } = this.stage;
    let down: [number, number] | null = null;
    canvas.addEventListener("pointerdown", (event) => {
      down = event.isPrimary ? [event.offsetX, event.offsetY] : null;
      canvas.focus({ preventScroll: true });
    });
    canvas.addEventListener("pointerup", (event) => {
      const still = down && Math.hypot(event.offsetX - down[0], event.offsetY - down[1]) < STILL_PX;
      down = null;
      if (!still || event.button !== 0) return;
      const side = compass.sideAt(event.offsetX, event.offsetY, canvas.clientHeight);
      if (side) return this.turn.look(side);
      const hit = this.pick.pointAt(event.offsetX, event.offsetY);
      if (hit) pointed(toWorld(hit.point), hit.surface.structure.id);
    });
  }

  close(): void {
    this.stage.close();
  }
}

/** One slice in the scene: a frame in the colour of its cross-hair line, and where asked the picture itself. */
class Sheet {
  private readonly corners = new BufferAttribute(new Float32Array(12), 3);
  private readonly texture: CanvasTexture;
  private readonly picture: Mesh<BufferGeometry, MeshBasicMaterial>;
  private readonly frame: LineLoop<BufferGeometry, LineBasicMaterial>;

  constructor(
    private readonly plane: Plane,
    private readonly grid: Grid,
    canvas: HTMLCanvasElement,
  ) {
    this.texture = new CanvasTexture(canvas);
    this.texture.colorSpace = SRGBColorSpace;
    this.texture.generateMipmaps = false;
    this.texture.minFilter = LinearFilter;
    const sheet = new BufferGeometry();
    sheet.setAttribute("position", this.corners);
    sheet.setAttribute("uv", new BufferAttribute(new Float32Array([0, 1, 1, 1, 1, 0, 0, 0]), 2));
    sheet.setIndex([0, 1, 2, 0, 2, 3]);
    this.picture = new Mesh(sheet, new MeshBasicMaterial({ map: this.texture, side: DoubleSide }));
    const rim = new BufferGeometry();
    rim.setAttribute("position", this.corners);
    this.frame = new LineLoop(rim, new LineBasicMaterial({ color: new Color(CROSS[plane]), transparent: true, opacity: 0.7 }));
    this.picture.frustumCulled = this.frame.frustumCulled = false; // their corners move
  }

  get objects(): [Mesh, LineLoop] {
    return [this.picture, this.frame];
  }

  place(cross: Vec3, textured: boolean): void {
    const { u, v, w, flipV } = AXES[this.plane];
    const { size, spacing } = this.grid;
    const far = (axis: 0 | 1 | 2) => (size[axis] - 0.5) * spacing[axis];
    const near = (axis: 0 | 1 | 2) => -0.5 * spacing[axis];
    const [top, bottom] = flipV ? [far(v), near(v)] : [near(v), far(v)];
    const on = withAxis(cross, w, this.grid.sliceAt(cross, this.plane) * spacing[w]);
    const at = (x: number, y: number) => toScene(this.grid.world(withAxis(withAxis(on, u, x), v, y)));
    [at(near(u), top), at(far(u), top), at(far(u), bottom), at(near(u), bottom)].forEach((one, n) =>
      this.corners.setXYZ(n, one.x, one.y, one.z),
    );
    this.corners.needsUpdate = true;
    this.picture.visible = textured;
    if (textured) this.texture.needsUpdate = true;
  }
}

/** A point (x, y, z) of LPS stands at (x, z, −y) of the scene (`model/space.ts`). */
function toScene([x, y, z]: Vec3): Vector3 {
  return new Vector3(x, z, -y);
}

function toWorld({ x, y, z }: Vector3): Vec3 {
  return [x, -z, y];
}
