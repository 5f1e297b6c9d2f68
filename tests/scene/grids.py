"""Grids of every kind, and a phantom for them."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from limner.data.phantoms import Plan, sample

AXIAL = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]])
OBLIQUE = Rotation.from_euler("xyz", [20, -15, 35], degrees=True).as_matrix() @ AXIAL
LEFT_HANDED = OBLIQUE * np.array([-1.0, 1.0, 1.0])
SAGITTAL = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, -1]]).T

GRIDS = {
    "fine": ((1.0, 1.0, 1.0), AXIAL),
    "demo": ((5.0, 0.8, 0.8), AXIAL),
    "ircad": ((1.6, 0.8, 0.8), AXIAL),
    "oblique": ((2.0, 1.5, 1.0), OBLIQUE),
    "left-handed": ((3.0, 1.0, 1.0), LEFT_HANDED),
    "sagittal": ((3.0, 1.2, 1.2), SAGITTAL),
    "thick in plane": ((1.0, 1.0, 4.0), AXIAL),
}

PLAN = sample(np.random.default_rng(3), tumors=3)
LIVER = Plan(tuple(one for one in PLAN.structures if one.name.startswith("liver")), PLAN.noise_hu, PLAN.seed)
