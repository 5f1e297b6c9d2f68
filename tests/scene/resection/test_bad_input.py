"""Bad input is refused before work begins, and the message teaches."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from limner.errors import InputError
from limner.scene.resection import ResectionRules, Segmentwise, judge, prepare
from tests.scene.resection.livers import Liver, ellipsoid, octants


@pytest.fixture(scope="module")
def one() -> Liver:
    return ellipsoid((40.0, 30.0, 30.0), [((15.0, 0.0, 0.0), 6.0)], spacing=(3.0, 2.0, 2.0))


def test_no_tumour_no_liver_wrong_shapes(one: Liver) -> None:
    none = np.zeros_like(one.liver)
    with pytest.raises(InputError, match="needs a tumour"):
        prepare(one.liver, none, one.grid)
    with pytest.raises(InputError, match="needs a liver"):
        prepare(none, one.tumor, one.grid)
    with pytest.raises(InputError, match=r"liver mask must lie on the grid .* Resample"):
        prepare(one.liver[1:], one.tumor, one.grid)
    with pytest.raises(InputError, match="tumour mask must lie on the grid"):
        prepare(one.liver, one.tumor[:, 1:], one.grid)


def test_a_tumour_outside_the_liver(one: Liver) -> None:
    outside = np.zeros_like(one.liver)
    outside[:4, :4, :4] = True
    with pytest.raises(InputError, match="of this one 0 % do"):
        prepare(one.liver, outside, one.grid)
    partly = one.tumor.copy()
    partly[:2, :2, :2] = True
    assert any("outside the liver's mask" in note for note in prepare(one.liver, partly, one.grid).notes)


def test_segments_that_are_none(one: Liver) -> None:
    with pytest.raises(InputError, match="whole numbers 0 to 8"):
        prepare(one.liver, one.tumor, one.grid, segments=octants(one) + 5)
    with pytest.raises(InputError, match="every voxel of them is 0"):
        prepare(one.liver, one.tumor, one.grid, segments=np.zeros(one.grid.shape, np.uint8))
    with pytest.raises(InputError, match="whole numbers 0 to 8"):
        prepare(one.liver, one.tumor, one.grid, segments=octants(one)[1:])


def test_cuts_along_what_the_case_does_not_know(one: Liver) -> None:
    case = prepare(one.liver, one.tumor, one.grid)
    with pytest.raises(InputError, match="it knows none"):
        judge(Segmentwise(frozenset({5})), case)
    case = prepare(one.liver, one.tumor, one.grid, segments=np.minimum(octants(one), 4))
    with pytest.raises(InputError, match=r"are \[1, 2, 3, 4\]; asked was for \[7\]"):
        judge(Segmentwise(frozenset({7})), case)


def test_what_is_not_known_is_noted(one: Liver) -> None:
    notes = " ".join(prepare(one.liver, one.tumor, one.grid).notes)
    assert "portal tree is not known" in notes and "hepatic veins are not known" in notes and "Segments" in notes
    half = np.where(one.points_mm[..., 0] > 0, 0, 3) * one.liver
    assert any("given to the nearest" in note for note in prepare(one.liver, one.tumor, one.grid, segments=half).notes)


def test_rules_are_checked_and_each_says_its_source() -> None:
    with pytest.raises(ValidationError, match="margin"):
        ResectionRules(margin_mm=-1)
    with pytest.raises(ValidationError, match="liver_state"):
        ResectionRules(liver_state="fine")  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="Extra"):
        ResectionRules(margin=10)  # type: ignore[call-arg]
    assert all(field.description for field in ResectionRules.model_fields.values())
    again = ResectionRules.model_validate_json(ResectionRules(liver_state="injured").model_dump_json())
    assert again.remnant_percent == 40
