"""What ``limner train`` prints for folds and searches, and what it refuses."""

import json

import pytest
import yaml

from limner.cli.app import main

from .pictures import write_pictures, write_recipe


def _run(capsys, *arguments) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["train", *map(str, arguments)])
    told = capsys.readouterr()
    return int(left.value.code or 0), " ".join(told.out.split()), " ".join(told.err.split())


def test_a_search_from_the_command_line(tmp_path, capsys):
    recipe = write_recipe(tmp_path / "toy.yaml", write_pictures(tmp_path / "set"))
    (tmp_path / "search.yaml").write_text(
        yaml.safe_dump({"trials": 2, "space": {"train.rate": {"low": 1e-4, "high": 1e-2, "log": True}}})
    )
    code, out, err = _run(capsys, recipe, "--search", tmp_path / "search.yaml", "-o", tmp_path / "s")
    assert code == 0
    assert "Best of 2 finished:" in out
    assert "--set train.rate=0." in out
    assert "Trial 1 reached" in err
    code, _, err = _run(capsys, recipe, "--search", tmp_path / "search.yaml", "-o", tmp_path / "s")
    assert code == 2
    assert "--resume" in err


def test_json_is_all_that_goes_to_standard_output(tmp_path, capsys):
    recipe = write_recipe(tmp_path / "toy.yaml", write_pictures(tmp_path / "set"))
    code, out, err = _run(capsys, recipe, "-o", tmp_path / "run", "--json")
    assert code == 0
    assert json.loads(out)["pack"] == str(tmp_path / "run" / "pack")
    assert "step 4" in err


def test_one_thing_at_a_time(tmp_path, capsys):
    recipe = write_recipe(tmp_path / "toy.yaml", write_pictures(tmp_path / "set"))
    code, _, err = _run(capsys, recipe, "--find-rate", "--folds", "3")
    assert code == 2
    assert "are four things" in err
    code, _, err = _run(capsys, recipe, "--folds", "1", "-o", tmp_path / "f")
    assert code == 2
    assert "3 or more" in err
