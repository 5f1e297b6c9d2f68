"""LIME: which parts of the picture carry the answer, by hiding some of them at random and fitting a linear model.

Source: Ribeiro, Singh & Guestrin, *"Why should I trust you?"*, KDD 2016, algorithm 1 and section 3.4 (superpixels).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limner.infer.explain.ask import Question
from limner.infer.explain.source import ScanSource, margin_mm

Shown = NDArray[np.bool_]
NEAR_PARTS = 16
"""Parts into which a finding of a scan and its surroundings are cut."""
KERNEL_WIDTH = 0.25
"""Of the exponential kernel on cosine distance, as in the authors' image explainer."""


@dataclass(frozen=True, eq=False)
class Local:
    """A linear model around one picture.

    Args:
        weights: ``(M,)``, the change of the probability when a part is shown.
        intercept: the probability with nothing shown, by the model.
        r2: weighted share of the variance that the model explains.
    """

    weights: NDArray[np.float64]
    intercept: float
    r2: float


def superpixels(image: NDArray[np.uint8], inner: tuple[slice, ...], count: int) -> NDArray[np.int32]:
    """Parts of about equal size that follow edges: superpixels in 2-D, supervoxels in 3-D.

    Args:
        image: ``(C, *size)``.
        inner: where the picture lies; the rest is padding and gets 0.
        count: of parts, about.

    Returns:
        ``(*size)``, 1 to M.

    Source: Achanta et al., *SLIC superpixels*, IEEE TPAMI 34:2274, 2012.
    """
    from skimage.segmentation import slic

    part = image[(slice(None), *inner)]
    colour = len(part) == 3
    values = np.moveaxis(part, 0, -1).astype(np.float32) / 255.0
    cut = slic(
        values,
        n_segments=count,
        compactness=10.0 if colour else 0.1,  # CIELAB spans 100, grey spans 1
        sigma=1.0 if min(part.shape[1:]) >= 64 else 0.5,
        start_label=1,
        channel_axis=-1,
        convert2lab=colour,
    )
    out = np.zeros(image.shape[1:], np.int32)
    out[inner] = np.unique(cut, return_inverse=True)[1].reshape(cut.shape) + 1
    return out


def supervoxels(question: Question, source: ScanSource, count: int | None = None) -> NDArray[np.int32]:
    """Parts of a scan's window: small ones near a finding, which end at its border, and the eight corners of the rest.

    A window is many times larger than a finding: parts of equal size would each swallow it.

    Args:
        question: about the finding.
        source: what it is about.
        count: of the small parts, about; :data:`NEAR_PARTS` where None.

    Returns:
        ``(*size)``, 1 to M.
    """
    from scipy import ndimage
    from skimage.segmentation import slic

    region, spacing = question.region, source.window.spacing_mm
    assert region is not None
    at = np.argwhere(region)
    reach = margin_mm((np.ptp(at, axis=0) + 1) * spacing)
    near = ndimage.distance_transform_edt(~region, sampling=spacing) <= reach
    box = tuple(slice(int(line[0]), int(line[-1]) + 1) for line in map(np.unique, np.nonzero(near)))
    values = np.moveaxis(np.concatenate([question.image, 0.5 * region[None]])[(slice(None), *box)], 0, -1)
    cut = slic(
        values.astype(np.float32),
        n_segments=count or NEAR_PARTS,
        compactness=0.1,
        start_label=1,
        channel_axis=-1,
        spacing=spacing,
        mask=near[box],
    )
    corner = sum(
        (index > middle) * 2**k
        for k, (index, middle) in enumerate(zip(np.indices(near.shape), at.mean(0), strict=True))
    )
    out = np.asarray(corner, np.int32) + int(cut.max()) + 1
    out[box] = np.where(near[box], cut, out[box])
    return np.asarray(np.unique(out, return_inverse=True)[1].reshape(out.shape) + 1, np.int32)


def segment_count(size: tuple[int, ...]) -> int:
    """How many parts a picture is cut into: 16 at 28 × 28 pixels, 40 at most: more parts ask for more samples.

    >>> segment_count((28, 28)), segment_count((224, 224)), segment_count((28, 28, 28))
    (16, 40, 40)
    """
    return int(np.clip(np.prod(size) // (64 if len(size) == 2 else 343), 16, 40))


def sample(rng: np.random.Generator, samples: int, parts: int) -> Shown:
    """Which parts each sample shows, ``(samples, parts)``: each with probability one half; the first shows all."""
    shown = rng.random((samples, parts)) < 0.5
    shown[0] = True
    return shown


def hide(question: Question, segments: NDArray[np.int32], shown: Shown) -> NDArray[Any]:
    """The input ``(C, *size)`` with what the question hides with where a part is not shown.

    Args:
        question: whose input it is.
        segments: ``(*size)``, 0 is never hidden.
        shown: ``(parts,)``.
    """
    keep = np.concatenate([[True], shown])[segments]
    return np.where(keep, question.image, question.blank)


def probabilities(question: Question, segments: NDArray[np.int32], shown: Shown) -> NDArray[np.float64]:
    """The net's answer to each sample, ``(samples,)``."""
    return question.ask(hide(question, segments, row) for row in shown)


def fit_local(shown: Shown, answers: NDArray[np.float64], ridge: float = 1.0) -> Local:
    """Weighted ridge regression; samples count the more, the more of the picture they show.

    Args:
        shown: ``(samples, parts)``.
        answers: ``(samples,)``.
        ridge: penalty on the weights, not on the intercept.
    """
    x = shown.astype(np.float64)
    cosine = np.sqrt(x.mean(1))  # between a row of zeros and ones and the row of ones
    weight = np.exp(-((1 - cosine) ** 2) / (2 * KERNEL_WIDTH**2))
    total = float(weight.sum())
    weight /= total
    mean_x, mean_y = weight @ x, float(weight @ answers)
    centred, y = x - mean_x, answers - mean_y
    gram = (centred * weight[:, None]).T @ centred + np.eye(x.shape[1]) * ridge / total
    weights = np.linalg.solve(gram, (centred * weight[:, None]).T @ y)
    spread = float(weight @ y**2)
    left = float(weight @ (y - centred @ weights) ** 2)
    return Local(weights, mean_y - float(mean_x @ weights), 1 - left / spread if spread > 1e-12 else 0.0)
