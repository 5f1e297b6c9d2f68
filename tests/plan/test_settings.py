"""plan.yaml: it comes back as it was written, and every slip in it is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from limner.errors import InputError
from limner.plan import PlanSettings, read_settings, write_settings


def test_settings_come_back_as_they_were_written(tmp_path: Path) -> None:
    given = PlanSettings.model_validate({"needle": {"vessel_margin_mm": 7.5}, "resection": {"liver_state": "injured"}})
    write_settings(given, tmp_path / "plan.yaml")
    assert read_settings(tmp_path / "plan.yaml") == given


def test_every_setting_is_written_with_its_reason(tmp_path: Path) -> None:
    write_settings(PlanSettings(), tmp_path / "plan.yaml")
    lines = (tmp_path / "plan.yaml").read_text().splitlines()
    for name, section in PlanSettings.model_fields.items():
        assert f"{name}:" in lines
        for setting, field in section.annotation.model_fields.items():  # type: ignore[union-attr]
            assert any(line.strip().startswith(f"{setting}:") for line in lines), setting
            assert field.description or setting == "weights", f"{name}.{setting} says nothing"


def test_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("needle: {bone_margin_mm: 9}\n")
    found = read_settings(tmp_path / "plan.yaml")
    assert found.needle.bone_margin_mm == 9
    assert found.resection == PlanSettings().resection
    (tmp_path / "empty.yaml").write_text("")
    assert read_settings(tmp_path / "empty.yaml") == PlanSettings()


def test_all_slips_are_told_at_once_with_the_nearest_names(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("needel: {}\nneedle: {bone_margin: 3, max_length_mm: -1}\n")
    with pytest.raises(InputError) as error:
        read_settings(tmp_path / "plan.yaml")
    for part in ("needel is no setting; did you mean 'needle'", "bone_margin_mm", "max_length_mm = -1"):
        assert part in str(error.value)


@pytest.mark.parametrize(("text", "match"), [("a: [", "as YAML"), ("- 1\n", "sections are expected")])
def test_what_is_no_settings_file_is_refused(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(InputError, match=match):
        read_settings(tmp_path / "plan.yaml")
    with pytest.raises(InputError, match="no settings file"):
        read_settings(tmp_path / "gone.yaml")
