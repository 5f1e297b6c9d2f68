// The cube in the corner: which side of the patient one looks at. Its letters are those of DICOM plus H and F.
import {
  BoxGeometry,
  CanvasTexture,
  Mesh,
  MeshBasicMaterial,
  OrthographicCamera,
  type PerspectiveCamera,
  Raycaster,
  Scene,
  SRGBColorSpace,
  Vector2,
  type WebGLRenderer,
} from "three";
import type { Side } from "../model/space";
import { scaled } from "./rem";

/** In the order of BoxGeometry's faces: +x, -x, +y, -y, +z, -z of the scene. */
const FACES: readonly (readonly [Side, string, string])[] = [
  ["left", "L", "#f4e3dc"],
  ["right", "R", "#f4e3dc"],
  ["head", "H", "#e0ebe4"],
  ["feet", "F", "#e0ebe4"],
  ["anterior", "A", "#e1e8f1"],
  ["posterior", "P", "#e1e8f1"],
];

export const COMPASS_PX = 92;
const MARGIN_PX = 6;

export class Compass {
  private readonly scene = new Scene();
  private readonly camera = new OrthographicCamera(-1, 1, 1, -1, 0.1, 10);
  private readonly cube = new Mesh(
    new BoxGeometry(1.08, 1.08, 1.08),
    FACES.map(([, letter, color]) => new MeshBasicMaterial({ map: face(letter, color) })),
  );

  constructor() {
    this.scene.add(this.cube);
  }

  /** Draws the cube into the lower left corner, turned as the scene is. */
  draw(renderer: WebGLRenderer, camera: PerspectiveCamera): void {
    this.camera.quaternion.copy(camera.quaternion);
    this.camera.position.set(0, 0, 4).applyQuaternion(camera.quaternion);
    renderer.setScissorTest(true);
    const size = scaled(COMPASS_PX);
    renderer.setViewport(MARGIN_PX, MARGIN_PX, size, size);
    renderer.setScissor(MARGIN_PX, MARGIN_PX, size, size);
    renderer.clearDepth();
    renderer.render(this.scene, this.camera);
    renderer.setScissorTest(false);
  }

  /** The side whose face lies under a point of the canvas (CSS pixels from its upper left), null beside the cube. */
  sideAt(x: number, y: number, height: number): Side | null {
    const at = new Vector2(x - MARGIN_PX, height - y - MARGIN_PX).divideScalar(scaled(COMPASS_PX));
    if (Math.min(at.x, at.y) < 0 || Math.max(at.x, at.y) > 1) return null;
    const ray = new Raycaster();
    this.camera.updateMatrixWorld();
    ray.setFromCamera(at.multiplyScalar(2).subScalar(1), this.camera);
    const hit = ray.intersectObject(this.cube)[0];
    return hit?.face ? (FACES[hit.face.materialIndex]?.[0] ?? null) : null;
  }
}

function face(letter: string, color: string): CanvasTexture {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 128;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser gives no 2D canvas.");
  context.fillStyle = color;
  context.fillRect(0, 0, 128, 128);
  context.strokeStyle = "#8a8f98";
  context.lineWidth = 6;
  context.strokeRect(3, 3, 122, 122);
  context.fillStyle = "#22262c";
  context.font = "600 78px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(letter, 64, 69);
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  texture.anisotropy = 4;
  return texture;
}
