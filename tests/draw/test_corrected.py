"""Labels that a person drew, in place of a pack's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from limner.draw import CorrectedLabels, draw
from limner.errors import GeometryError, InputError
from limner.image import Grid, LabelMap
from limner.image.turn import Turn
from limner.io import open_studies, read_drawing
from limner.serve.jobs.kinds.correct import names_of


@pytest.fixture(scope="module")
def study(tmp_path_factory, write_ct):
    folder = tmp_path_factory.mktemp("study")
    write_ct(folder / "ct")
    return folder / "ct"


@pytest.fixture(scope="module")
def before(study, thresholds):
    draw(study, study.parent / "drawing", predictor=thresholds)
    return read_drawing(study.parent / "drawing")


def test_the_drawing_names_its_series(study, before):
    [series] = open_studies([study])[0].series
    assert before.drawing.study.series_uid == series.uid


def test_labels_come_as_they_were_given_whatever_the_turn_of_their_axes(study, before):
    array = before.labels.array.copy()
    array[tuple(np.argwhere(array == 2)[0])] = 1
    turn = Turn(before.labels.grid, (2, 0, 1), (True, False, True))
    given = LabelMap(turn.array(array), turn.turned, before.labels.labels)
    predictor = CorrectedLabels(given, before)
    assert predictor.changed == 1
    _, series = predictor.open([study])
    assert series.uid == before.drawing.study.series_uid
    image = series.load()
    told = predictor.predict(image, lambda share: None)
    assert told.labels.grid.same_as(image.grid)
    assert (CorrectedLabels(told.labels, replace(before, labels=LabelMap(array, before.labels.grid))).changed) == 0
    assert told.confidence is None and told.by_hand
    assert "1 voxels" in told.problems[0].text


def test_labels_that_lie_elsewhere_are_refused(before):
    here = before.labels
    cut = LabelMap(here.array[:-1].copy(), here.grid.crop((0, 0, 0), (31, 64, 64)))
    moved = LabelMap(here.array, Grid(here.grid.shape, np.array(here.grid.affine) + np.eye(4, k=3)))
    for labels in (cut, moved):
        with pytest.raises(GeometryError, match="grid of the drawing"):
            CorrectedLabels(labels, before)


def test_a_value_that_nobody_knows_is_refused_with_those_that_are(before):
    strange = LabelMap(np.full((2, 2, 2), 77, np.uint8), Grid.axial((2, 2, 2), (1, 1, 1)))
    with pytest.raises(InputError, match=r"\[77\].*2 liver tumor"):
        names_of(strange, before, ())
