"""From a recipe's data section to prepared cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from limner.data.cases import Layer, focus, prepare
from limner.data.cohort import Case, read_cohort
from limner.data.learned import set_name
from limner.data.mask_grid import say_resampled
from limner.data.patches import Source, prepare_label_map
from limner.errors import CohortError, RecipeError
from limner.train.recipe import Recipe
from limner.train.recipe_data import CohortSource, LabelMapSource, PhantomSource, PictureSource, VolumeData
from limner.train.recipe_thin import PlaneSource

Progress = Callable[[str, float], None]


def load_sources(data: VolumeData, cache: Path, progress: Progress | None = None) -> list[Source]:
    """Prepares every case of every source (reads the cache where there is one)."""
    sources = [
        _from_cohort(source, data, cache, progress)
        if isinstance(source, CohortSource)
        else _from_label_maps(source, data, cache, progress)
        for source in data.sources
        if not isinstance(source, PhantomSource)
    ]
    return _focused(sources, data)


def load_checks(data: VolumeData, cache: Path, progress: Progress | None = None) -> list[Source]:
    """Prepares the cases of the check splits; none where no source names one.

    Raises:
        CohortError: a patient is learned from and checked on.
    """
    asked = [one for one in data.sources if isinstance(one, CohortSource) and one.check]
    learned = {case.patient for one in data.sources if isinstance(one, CohortSource) for case in _chosen(one)}
    held = [one.model_copy(update={"split": one.check, "only": None, "paint_tumors": 0.0}) for one in asked]
    shared = sorted(learned & {case.patient for one in held for case in _chosen(one)})
    if shared:
        raise CohortError(
            f"{len(shared)} patients are learned from and checked on: {', '.join(shared[:20])}. Put each patient's "
            "cases into one split of all cohorts."
        )
    return _focused([_from_cohort(one, data, cache, progress) for one in held], data)


def _focused(sources: list[Source], data: VolumeData) -> list[Source]:
    if data.focus is None:
        return sources
    organ = [data.classes.index(name) for name in data.focus.organ]
    within, window = data.focus.within_mm, data.window_hu
    return [replace(one, cases=tuple(focus(case, organ, within, window) for case in one.cases)) for one in sources]


def refuse_unmarked(sources: Sequence[Source], classes: Sequence[str]) -> list[str]:
    """What a person should know of the targets of the sources, a sentence each.

    Raises:
        CohortError: no class but the background is marked in any case.
    """
    marked = sum(
        (np.bincount(case.target.ravel(), minlength=256) for one in sources for case in one.cases), np.zeros(256, int)
    )
    painted = {one.tumor for one in sources if one.paint_tumors}
    never = [name for k, name in enumerate(classes) if k and not marked[k] and k not in painted]
    cases = [case for one in sources for case in one.cases]
    if not marked[1 : len(classes)].any():
        raise CohortError(
            f"None of {', '.join(classes[1:])} is marked in any of the {len(cases)} cases: a net would learn to find "
            "nothing. Do the values of the sources' layers occur in the masks?"
        )
    told = [f"No case marks {', '.join(never)}: the net can't learn it."] if never else []
    return [*told, *say_resampled([case.id for case in cases if case.resampled])]


def provenance(recipe: Recipe) -> list[dict[str, str]]:
    """Every case that a recipe learns from, with its terms: for the pack's card."""
    rows = []
    for source in recipe.data.sources:
        if isinstance(source, (PictureSource, PlaneSource)):
            split = f"split {source.split}" if source.split else "all"
            row = {"case": split, "from": set_name(source.cohort), "licence": source.licence}
            rows += [row] if row not in rows else []  # one cohort may be learned from in two ways
        elif isinstance(source, PhantomSource):
            rows += _phantom_rows(source)
        elif isinstance(source, CohortSource):
            for case in _chosen(source):
                rows.append({"case": case.id, "from": set_name(source.cohort), "licence": source.licence})
        else:
            for path in _label_maps(source):
                name = path.name.split(".")[0]
                rows.append({"case": name, "from": path.parent.name, "licence": source.licence})
    return rows


def _phantom_rows(source: PhantomSource) -> list[dict[str, str]]:
    last = source.first + source.chests - 1
    rows = [{"case": f"seeds {source.first} to {last}", "from": "phantom chests", "licence": "Apache-2.0"}]
    rows += [{"case": Path(one).name, "from": "lungs of scans", "licence": source.licence} for one in source.scans]
    if source.nodules:
        from_set = Path(source.nodules).name
        rows.append({"case": f"split {source.split}", "from": from_set, "licence": source.licence})
    return rows


def _chosen(source: CohortSource) -> list[Case]:
    cases = read_cohort(Path(source.cohort)).split(source.split).cases
    chosen = [case for case in cases if source.only is None or case.id in source.only]
    if not chosen:
        raise RecipeError(f"{source.cohort!r} has no cases in split {source.split!r} (only: {source.only}).")
    return chosen


def _label_maps(source: LabelMapSource) -> list[Path]:
    pattern = Path(source.label_maps)
    return sorted(pattern.parent.glob(pattern.name))


def _merge(data: VolumeData, unknown: dict[str, str]) -> list[int]:
    index = {name: number for number, name in enumerate(data.classes)}
    merge = list(range(len(data.classes)))
    for name, into in unknown.items():
        merge[index[name]] = index[into]
    return merge


def _from_cohort(source: CohortSource, data: VolumeData, cache: Path, progress: Progress | None) -> Source:
    index = {name: number for number, name in enumerate(data.classes)}
    layers = [
        Layer(
            one.column,
            {value: index[name] for value, name in one.values.items()},
            None if one.within is None else tuple(index[name] for name in one.within),
            {index[a]: index[b] for a, b in one.otherwise.items()},
        )
        for one in source.layers
    ]
    chosen = _chosen(source)
    prepared = []
    for number, case in enumerate(chosen):
        merge = _merge(data, source.unknown)
        prepared.append(prepare(case, layers, merge, data.spacing_mm, data.window_hu, cache, data.modality))
        if progress:
            progress(f"preparing {case.id}", (number + 1) / len(chosen))
    return Source(
        tuple(prepared), source.weight, False, source.paint_tumors, *_tumor_classes(index, source.paint_tumors)
    )


def _from_label_maps(source: LabelMapSource, data: VolumeData, cache: Path, progress: Progress | None) -> Source:
    index = {name: number for number, name in enumerate(data.classes)}
    values = {value: (tissue, index[name]) for value, (tissue, name) in source.values.items()}
    paths = _label_maps(source)
    if not paths:
        raise RecipeError(f"No label maps at {source.label_maps!r}.")
    prepared = []
    for number, path in enumerate(paths):
        merge = _merge(data, source.unknown)
        mirrored = ["zyx".index(axis) for axis in source.mirrored]
        prepared.append(prepare_label_map(path, values, merge, data.spacing_mm, cache, mirrored))
        if progress:
            progress(f"preparing {path.name}", (number + 1) / len(paths))
    return Source(
        tuple(prepared), source.weight, True, source.paint_tumors, *_tumor_classes(index, source.paint_tumors)
    )


def _tumor_classes(index: dict[str, int], share: float) -> tuple[int, ...]:
    """Where tumours are painted and what they become: the organ itself where a net does not tell them apart."""
    if not share:
        return ()
    if "liver" not in index:
        raise RecipeError("paint_tumors needs the class 'liver'.")
    return index["liver"], index.get("liver tumor", index["liver"])
