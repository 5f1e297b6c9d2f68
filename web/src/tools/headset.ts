// The scene in a headset (WebXR): life-size before the reader, carried with a squeeze, named with a trigger.
import { BufferGeometry, Group, Line, LineBasicMaterial, Matrix4, Raycaster, Vector3, type XRTargetRaySpace } from "three";
import type { Stage } from "../render/stage";
import type { Surface } from "../render/surfaces";

const MM = 1000;
/** How far the middle of the body stands before the eyes, and how high, in metres. */
const AHEAD_M = 0.9;
const HEIGHT_M = 1.25;
const RAY_M = 3;

/** What a test may see of a headset that shows the scene. */
export interface HeadsetView {
  readonly frames: () => number;
  readonly eyes: () => number;
  readonly pointed: () => string | null;
  readonly end: () => Promise<void>;
}

/**
 * Shows the scene in a headset until its session ends.
 *
 * The scene stays in its millimetres: it is the reader who is made a thousand times as large, so that a metre of the
 * room is a metre of the patient. `named` is called with the surface at which a trigger was pulled, null for none.
 */
export async function enterHeadset(stage: Stage, named: (surface: Surface | null) => void): Promise<HeadsetView> {
  const { renderer, camera } = stage;
  const session = await navigator.xr!.requestSession("immersive-vr", { optionalFeatures: ["local-floor"] });
  const before = { position: camera.position.clone(), turned: camera.quaternion.clone() };
  const reader = new Group();
  reader.scale.setScalar(MM);
  const middle = stage.sphere.center;
  reader.position.set(middle.x, middle.y - HEIGHT_M * MM, middle.z + AHEAD_M * MM);
  const seen = stage.seenFrom(reader);
  let pointed: string | null = null;
  let frames = 0;
  const hands = [0, 1].map((n) => {
    const hand = renderer.xr.getController(n);
    hand.add(ray());
    reader.add(hand);
    hand.addEventListener("select", () => {
      const surface = under(stage, hand);
      pointed = surface?.structure.id ?? null;
      named(surface);
    });
    hand.addEventListener("squeezestart", () => held.set(hand, inWorld(hand, reader)));
    hand.addEventListener("squeezeend", () => held.delete(hand));
    return hand;
  });
  renderer.xr.enabled = true;
  renderer.xr.setReferenceSpaceType("local-floor");
  await renderer.xr.setSession(session);
  const ended = new Promise<void>((done) => session.addEventListener("end", () => done(), { once: true }));
  renderer.setAnimationLoop(() => {
    for (const hand of hands) carry(hand, reader);
    stage.drawInHeadset();
    frames += 1;
  });
  void ended.then(() => {
    renderer.setAnimationLoop(null);
    renderer.xr.enabled = false;
    seen.remove();
    camera.position.copy(before.position);
    camera.quaternion.copy(before.turned);
    camera.scale.setScalar(1);
    stage.fit();
  });
  return {
    frames: () => frames,
    eyes: () => renderer.xr.getCamera().cameras.length,
    pointed: () => pointed,
    end: async () => {
      await session.end();
      await ended;
    },
  };
}

function ray(): Line {
  const line = new BufferGeometry().setFromPoints([new Vector3(), new Vector3(0, 0, -RAY_M)]);
  return new Line(line, new LineBasicMaterial({ color: 0xffd866 }));
}

/** The first surface that a hand points at and that can be seen; veils only where there is nothing else. */
function under(stage: Stage, hand: XRTargetRaySpace): Surface | null {
  const turned = new Matrix4().extractRotation(hand.matrixWorld);
  const caster = new Raycaster(
    new Vector3().setFromMatrixPosition(hand.matrixWorld),
    new Vector3(0, 0, -1).applyMatrix4(turned).normalize(),
  );
  const shown = stage.surfaces.filter(({ mesh }) => mesh.visible);
  const hits = shown.flatMap((surface) => caster.intersectObject(surface.mesh, false).map(({ distance }) => ({ surface, distance })));
  hits.sort((a, b) => a.distance - b.distance);
  return (hits.find(({ surface }) => surface.mesh.material.opacity > 0.95) ?? hits[0])?.surface ?? null;
}

/** Where in the scene a squeeze took hold. */
const held = new WeakMap<XRTargetRaySpace, Vector3>();

/** The reader is moved against the hand: what is held stays in it. */
function carry(hand: XRTargetRaySpace, reader: Group): void {
  const at = held.get(hand);
  if (!at) return;
  reader.position.add(at.clone().sub(inWorld(hand, reader)));
  reader.updateMatrixWorld(true);
}

function inWorld(hand: XRTargetRaySpace, reader: Group): Vector3 {
  return hand.position.clone().applyMatrix4(reader.matrixWorld);
}
