"""CT made from label maps: labels without images teach too.

SynthSeg's idea (Billot et al., Medical Image Analysis 86:102789, 2023) with what is known of CT: attenuation per
tissue and contrast phase instead of any grey value. A label map of a few organs is first filled up to a whole
trunk: wall, spine, ribs, bowel, lungs, fat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

TISSUES = (
    "air", "fat", "muscle", "bone", "bowel", "gas", "lung", "liver", "spleen", "kidney", "gallbladder",
    "stomach", "aorta", "vein", "pancreas",
)  # fmt: skip
TISSUE = {name: index for index, name in enumerate(TISSUES)}

# Mean HU and between-patient spread: native, arterial, portal venous, late. Sources: usual ranges of abdominal CT.
_HU: dict[str, tuple[tuple[float, float], ...]] = {
    "air": ((-1000, 10),) * 4,
    "fat": ((-100, 12),) * 4,
    "muscle": ((52, 8), (56, 8), (62, 8), (60, 8)),
    "bone": ((280, 90),) * 4,
    "bowel": ((35, 18), (50, 25), (60, 25), (50, 25)),
    "gas": ((-700, 150),) * 4,
    "lung": ((-800, 60),) * 4,
    "liver": ((56, 9), (68, 12), (108, 16), (90, 14)),
    "spleen": ((48, 7), (110, 25), (118, 16), (92, 12)),
    "kidney": ((32, 6), (130, 35), (175, 30), (140, 30)),
    "gallbladder": ((8, 8),) * 4,
    "stomach": ((25, 25), (30, 30), (35, 30), (30, 30)),
    "aorta": ((42, 6), (290, 60), (150, 25), (110, 18)),
    "vein": ((42, 6), (80, 30), (145, 25), (110, 18)),
    "pancreas": ((38, 8), (85, 20), (92, 16), (72, 14)),
}


@dataclass(frozen=True)
class SynthParams:
    """HU per tissue, texture strength in HU, and the seed of the noise."""

    hu: tuple[float, ...]
    texture_hu: float
    blur_voxels: float
    seed: int


def sample_synth(rng: np.random.Generator) -> SynthParams:
    """Draws a contrast phase (portal venous in half of the cases) and the patient's attenuation."""
    phase = int(rng.choice(4, p=[0.12, 0.18, 0.5, 0.2]))
    hu = tuple(float(rng.normal(*_HU[name][phase])) for name in TISSUES)
    return SynthParams(hu, float(rng.uniform(2, 9)), float(rng.uniform(0.3, 0.9)), int(rng.integers(2**31)))


def synthesize(tissues: NDArray[np.uint8], params: SynthParams) -> NDArray[np.float32]:
    """HU ``(Z, Y, X)`` for a map of :data:`TISSUES`."""
    rng = np.random.default_rng(params.seed)
    image = np.asarray(params.hu, np.float32)[tissues]
    # Slow variation inside organs (perfusion, fat), from noise drawn on a coarse lattice.
    coarse = rng.standard_normal([max(2, n // 6) for n in tissues.shape]).astype(np.float32)
    factors = [n / c for n, c in zip(tissues.shape, coarse.shape, strict=True)]
    slow = ndimage.zoom(coarse, factors, order=1)[tuple(slice(0, n) for n in tissues.shape)]
    image += params.texture_hu * slow
    return ndimage.gaussian_filter(image, params.blur_voxels)


def fill_trunk(
    labels: NDArray[np.uint8], tissue_of: dict[int, str], spacing_mm: tuple[float, float, float], seed: int
) -> NDArray[np.uint8]:
    """A whole trunk around a few labelled organs.

    Args:
        labels: ``(Z, Y, X)``, axial (z to the head, y to the back, x to the left), with an aorta among them.
        tissue_of: label value to tissue name.
        seed: of body size, bowel and lungs.

    Returns:
        ``(Z, Y, X)`` uint8 in :data:`TISSUES`.
    """
    rng = np.random.default_rng(seed)
    _, sy, sx = spacing_mm
    z, y, x = (
        np.arange(n, dtype=np.float32).reshape([-1 if k == axis else 1 for k in range(3)]) * s
        for axis, (n, s) in enumerate(zip(labels.shape, spacing_mm, strict=True))
    )
    aorta = next(value for value, name in tissue_of.items() if name == "aorta")
    places = np.argwhere(labels == aorta)
    aorta_y, aorta_x = places[:, 1].mean() * sy, places[:, 2].mean() * sx
    spots = np.argwhere(labels > 0)
    front, left, right = spots[:, 1].min() * sy, spots[:, 2].max() * sx, spots[:, 2].min() * sx
    middle = aorta_x - rng.uniform(6, 14)  # the aorta lies to the left of the midline
    wall, fat = rng.uniform(10, 18), rng.uniform(6, 35)
    half = max(left - middle, middle - right) + rng.uniform(4, 10)
    back, top = aorta_y + rng.uniform(70, 90), front - rng.uniform(4, 12)
    center, depth = (back + top) / 2, (back - top) / 2

    def shell(grow: float) -> NDArray[np.float32]:
        return np.sqrt(((x - middle) / (half + grow)) ** 2 + ((y - center) / (depth + grow)) ** 2) + 0 * z

    out = np.zeros(labels.shape, np.uint8)
    out[shell(wall + fat) <= 1] = TISSUE["fat"]
    out[shell(wall) <= 1] = TISSUE["muscle"]
    inside = shell(0) <= 1
    out[inside] = TISSUE["fat"]

    noise = ndimage.gaussian_filter(rng.standard_normal(labels.shape).astype(np.float32), 11.0 / np.array(spacing_mm))
    noise /= noise.std()
    gut = inside & (noise > rng.uniform(0.1, 0.8)) & (y < aorta_y)
    out[gut] = TISSUE["bowel"]
    out[gut & (noise > rng.uniform(1.4, 2.2))] = TISSUE["gas"]

    # Ribs: a helical comb in the wall.
    turn = np.arctan2(y - center, x - middle)
    comb = np.cos(2 * np.pi * (z + 18 * np.abs(turn)) / 30) > 0.55
    ring = (shell(wall * 0.8) <= 1) & (shell(wall * 0.2) > 1)
    out[ring & comb] = TISSUE["bone"]
    spine_y = aorta_y + rng.uniform(28, 36)
    for shift, radius in ((-38, 24), (38, 24)):
        out[((x - middle - shift) ** 2 + (y - spine_y - 18) ** 2 + 0 * z) < radius**2] = TISSUE["muscle"]
    body = ((x - middle) / 23) ** 2 + ((y - spine_y) / 17) ** 2 + 0 * z < 1
    out[body] = TISSUE["bone"]
    out[body & (np.cos(2 * np.pi * z / 32) > 0.9)] = TISSUE["muscle"]
    out[((x - middle) ** 2 + (y - spine_y - 26) ** 2 + 0 * z) < 9**2] = TISSUE["fat"]
    process = (np.abs(x - middle) < 5) & (y > spine_y + 34) & (y < spine_y + 60) & (np.cos(2 * np.pi * z / 32) < 0.2)
    out[process] = TISSUE["bone"]

    _lungs(out, labels, tissue_of, inside, rng, spacing_mm)
    vein = ((x - aorta_x + rng.uniform(28, 40)) / 11) ** 2 + ((y - aorta_y + rng.uniform(0, 12)) / 9) ** 2 + 0 * z < 1
    out[vein] = TISSUE["vein"]
    for value, name in tissue_of.items():
        out[labels == value] = TISSUE[name]
    return out


def _lungs(
    out: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    tissue_of: dict[int, str],
    inside: NDArray[np.bool_],
    rng: np.random.Generator,
    spacing_mm: tuple[float, float, float],
) -> None:
    """Air above the domes of liver and spleen, a heart between."""
    under = np.isin(labels, [value for value, name in tissue_of.items() if name in ("liver", "spleen", "stomach")])
    depth = labels.shape[0]
    top = np.where(under.any(0), depth - 1 - under[::-1].argmax(0), -1).astype(np.float32)
    reach = [int(25 / s) | 1 for s in spacing_mm[1:]]
    dome = ndimage.gaussian_filter(ndimage.grey_dilation(top, size=reach), [8 / s for s in spacing_mm[1:]])
    dome = np.where(dome < 0.35 * depth, 1.2 * depth, dome + 4 / spacing_mm[0])
    above = inside & (np.arange(depth)[:, None, None] > dome[None])
    heart = ndimage.gaussian_filter(rng.standard_normal(labels.shape[1:]), 30 / spacing_mm[1]) > 0
    out[above] = TISSUE["lung"]
    out[above & heart[None] & (np.arange(labels.shape[2]) > labels.shape[2] * 0.45)] = TISSUE["bowel"]
