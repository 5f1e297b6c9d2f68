import json
import shutil

import pytest

from limner.errors import PackError
from limner.packs import list_packs, load_pack
from limner.packs.card import card
from tests.infer.packs import threshold_pack

LEVELS = {"background": -1000.0, "liver": 110.0, "liver tumor": 62.0}


@pytest.fixture
def pack(tmp_path):
    return threshold_pack(tmp_path / "pack", LEVELS, locator={"background": -1000.0, "liver": 110.0, "spleen": 140.0})


def test_labels_regions_and_structures(pack):
    assert pack.structures == ("liver", "liver tumor", "spleen")
    assert [one.value for one in pack.labels] == [1, 2, 3]
    assert pack.region("liver") == ("liver", "liver tumor")
    with pytest.raises(PackError, match="'spleen'"):
        pack.region("spleeen")


def test_names_outside_the_table_are_lesions_unless_told(tmp_path):
    levels = {"background": -1000.0, "my lesion": 110.0, "thymus": 62.0}
    first, second = threshold_pack(tmp_path / "pack", levels, kinds={"thymus": "organ"}).labels
    assert (first.kind, first.value, first.code.scheme) == ("lesion", 1, "99LIMNER")
    assert (second.kind, second.code.meaning) == ("organ", "Thymus")
    assert first.color != second.color


def test_a_changed_file_is_found(pack):
    pack.verify()
    with (pack.folder / "locator.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(PackError, match=r"locator\.onnx"):
        pack.verify()
    (pack.folder / "locator.onnx").unlink()
    with pytest.raises(PackError, match="lacks"):
        pack.verify()


def test_what_is_no_pack_is_refused(pack, tmp_path):
    with pytest.raises(PackError, match="abdomen-ct"):
        load_pack("abdomen")
    broken = tmp_path / "broken"
    shutil.copytree(pack.folder, broken)
    spec = json.loads((broken / "pack.json").read_text())
    del spec["classes"]
    (broken / "pack.json").write_text(json.dumps(spec))
    with pytest.raises(PackError, match="classes"):
        load_pack(broken)


def test_the_card_tells_figures_sources_and_terms(pack):
    spec = json.loads((pack.folder / "pack.json").read_text())
    spec["training"] = [{"case": f"c{n}", "source": "set", "licence": "CC BY 4.0"} for n in (1, 2)]
    interval = {"value": 0.91, "low": 0.9, "high": 0.93}
    spec["figures"] = [
        {
            "data": "set test",
            "n": 3,
            "region": "liver",
            "metrics": {"dice": interval},
            "worst_dice": 0.88,
            "command": "limner evaluate x",
        }
    ]
    (pack.folder / "pack.json").write_text(json.dumps(spec))
    text = card(load_pack(pack.folder))
    assert "| set test | 3 | liver | 0.910 (0.900–0.930) | 0.880 |" in text
    assert "| set | CC BY 4.0 | 2: c1, c2 |" in text
    assert "limner evaluate x" in text
    assert "Not for clinical use" in text


def test_every_shipped_pack_is_whole_and_small():
    packs = list_packs()
    assert packs
    total = 0
    for pack in packs:
        pack.verify()
        total += sum(path.stat().st_size for path in pack.folder.iterdir())
        assert (pack.folder / "CARD.md").read_text() == card(pack)
        assert pack.spec.training
    assert total <= 60e6


def _told(folder, **changes):
    """The pack of a folder after its ``pack.json`` was changed."""
    path = folder / "pack.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return load_pack(folder)


def test_a_slip_in_decode_is_refused_with_the_nearest_setting(pack):
    with pytest.raises(PackError, match=r"'lesion_treshold' is unknown.*Did you mean 'lesion_threshold'"):
        _told(pack.folder, decode={"lesion_treshold": 0.4})
    with pytest.raises(PackError, match=r"'presence_cells' is not read by this task; expected organ_threshold"):
        _told(pack.folder, decode={"presence_cells": 4})
    with pytest.raises(PackError, match="less than or equal to 1"):
        _told(pack.folder, decode={"lesion_threshold": 40})
    assert _told(pack.folder, decode={"lesion_threshold": 0.4}).spec.decode.lesion_threshold == 0.4


@pytest.mark.parametrize("shipped", list_packs(), ids=lambda one: one.name)
def test_only_the_settings_that_were_given_are_written_back(shipped):
    given = json.loads((shipped.folder / "pack.json").read_text())["decode"]
    assert shipped.spec.model_dump(mode="json", by_alias=True)["decode"] == given
