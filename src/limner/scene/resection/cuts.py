"""What a surgeon may cut along: a plane, a curved surface, borders of segments, or several of these at once.

A cut knows geometry only. ``signed_mm`` is positive on the side that is taken out, the tumour's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limner.errors import InputError
from limner.scene.resection.curved import Curved

Points = NDArray[np.floating]
Whose = Literal["segments", "portal", "hepatic"]


class Surface(Protocol):
    """A cut that is a surface in space."""

    def signed_mm(self, points_mm: Points) -> NDArray[np.floating]:
        """Distance of points, ``(N, 3)`` LPS mm, from the cut: ``(N,)``, positive where they are taken out."""
        ...

    def as_json(self) -> dict[str, Any]:
        """As JSON takes it."""
        ...


@dataclass(frozen=True, eq=False)
class Plane:
    """A flat cut.

    Args:
        point_mm: any point of it, LPS.
        normal: towards the side that is taken out; made a unit vector.

    >>> Plane((0, 0, 5), (0, 0, 2)).signed_mm(np.array([[1.0, 1.0, 8.0]])).tolist()
    [3.0]
    """

    point_mm: NDArray[np.float64]
    normal: NDArray[np.float64]

    def __init__(self, point_mm: ArrayLike, normal: ArrayLike) -> None:
        point, toward = np.asarray(point_mm, np.float64), np.asarray(normal, np.float64)
        length = float(np.linalg.norm(toward)) if toward.shape == (3,) else 0.0
        if point.shape != (3,) or not np.isfinite(point).all() or not np.isfinite(length) or length < 1e-9:
            raise InputError(
                "A plane takes a point and a normal of three numbers each, the normal not zero; got "
                f"{point.tolist()} and {toward.tolist()}."
            )
        object.__setattr__(self, "point_mm", point)
        object.__setattr__(self, "normal", toward / length)

    def signed_mm(self, points_mm: Points) -> NDArray[np.floating]:
        """Distance to the plane, ``(N,)``."""
        toward = self.normal.astype(points_mm.dtype, copy=False)
        return np.asarray(points_mm @ toward - points_mm.dtype.type(self.point_mm @ self.normal))

    def as_json(self) -> dict[str, Any]:
        """Point and normal."""
        return {"kind": "plane", "point_mm": _rounded(self.point_mm, 3), "normal": _rounded(self.normal, 6)}


@dataclass(frozen=True)
class Segmentwise:
    """A cut along borders that vessels draw: whole segments or territories are taken out.

    Args:
        ids: Couinaud segments 1 to 8, or ids of branches, each with all that belongs to its own territory.
        of: ``"segments"``, or the tree (``"portal"``, ``"hepatic"``) whose territories they are.
    """

    ids: frozenset[int]
    of: Whose = "segments"

    def as_json(self) -> dict[str, Any]:
        """The ids, sorted."""
        return {"kind": "segmentwise", "of": self.of, "ids": sorted(self.ids)}


@dataclass(frozen=True)
class Several:
    """Several cuts in one operation: what any of them takes out is taken out.

    Args:
        cuts: two or more, of which at most one is segmentwise; none of them is itself several.
    """

    cuts: tuple[Plane | Curved | Segmentwise, ...]

    def __post_init__(self) -> None:
        if len(self.cuts) < 2 or sum(isinstance(one, Segmentwise) for one in self.cuts) > 1:
            raise InputError("Several cuts are two or more, at most one of them segmentwise: join ids into one set.")

    def as_json(self) -> dict[str, Any]:
        """Each cut."""
        return {"kind": "several", "cuts": [one.as_json() for one in self.cuts]}


Cut = Plane | Curved | Segmentwise | Several


def surfaces_of(cut: Cut) -> tuple[Surface, ...]:
    """The surfaces of a cut; none where it is segmentwise."""
    if isinstance(cut, Several):
        return tuple(one for one in cut.cuts if not isinstance(one, Segmentwise))
    return () if isinstance(cut, Segmentwise) else (cut,)


def segmentwise_of(cut: Cut) -> Segmentwise | None:
    """The segmentwise part of a cut, None where it has none."""
    members: Sequence[Any] = cut.cuts if isinstance(cut, Several) else (cut,)
    return next((one for one in members if isinstance(one, Segmentwise)), None)


def cut_from_json(row: Mapping[str, Any]) -> Cut:
    """The cut that ``as_json`` wrote, or that a person has changed since.

    Raises:
        InputError: an unknown kind, or a key that is missing or of another form.
    """
    kind = row.get("kind")
    try:
        if kind == "plane":
            return Plane(row["point_mm"], row["normal"])
        if kind == "curved":
            return Curved.from_json(row)
        if kind == "segmentwise":
            return Segmentwise(frozenset(int(one) for one in row["ids"]), row.get("of", "segments"))
        if kind == "several":
            return Several(tuple(cut_from_json(one) for one in row["cuts"]))  # type: ignore[misc]
    except (KeyError, TypeError, ValueError) as reason:
        raise InputError(f"A {kind} cut cannot be read: {reason!r}. plan.json shows its form.") from None
    raise InputError(f"A cut's kind is plane, curved, segmentwise or several; got {kind!r}.")


def _rounded(values: ArrayLike, digits: int) -> list[float]:
    return [round(float(one), digits) for one in np.asarray(values).ravel()]
