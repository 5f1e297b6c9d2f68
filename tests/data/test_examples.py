import json

import numpy as np
import pytest
from PIL import Image

from limner.data.examples import View, class_indices, read_examples
from limner.errors import CohortError


@pytest.fixture
def cohort(tmp_path):
    rng = np.random.default_rng(0)
    rows = ["id,image,label,mask,boxes,site,split,patient"]
    for number in range(4):
        Image.fromarray(rng.integers(0, 255, (20, 40, 3)).astype(np.uint8)).save(tmp_path / f"{number}.png")
        mask = np.zeros((20, 40), np.uint8)
        mask[5:10, 10:30] = 255
        Image.fromarray(mask).save(tmp_path / f"m{number}.png")
        boxes = json.dumps([[10, 5, 30, 10]]).replace('"', '""')
        split = "test" if number == 3 else "train"
        rows.append(f'c{number},{number}.png,{"ab"[number % 2]},m{number}.png,"{boxes}",s,{split},p{number}')
    (tmp_path / "cohort.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "cohort.csv"


def test_image_mask_and_boxes_are_fitted_alike(cohort):
    view = View((32, 32), 1, mask="mask", boxes="boxes")
    one = read_examples(cohort, view, "train").rows[0]
    assert one.image.shape == (1, 32, 32)
    y0, x0, y1, x1 = one.boxes[0]
    inside = np.argwhere(one.mask == 255)
    np.testing.assert_allclose(inside.min(0), [y0, x0], atol=1)
    np.testing.assert_allclose(inside.max(0) + 1, [y1, x1], atol=1)
    assert len(read_examples(cohort, view).rows) == 4


def test_labels_become_indices_and_unknown_ones_are_named(cohort):
    rows = read_examples(cohort, View((8, 8)))
    assert class_indices(rows, {"a": "A", "b": "B"}).tolist() == [0, 1, 0, 1]
    with pytest.raises(CohortError, match="'b'"):
        class_indices(rows, {"a": "A", "c": "C"})


def test_a_damaged_picture_is_named_or_skipped_and_counted(cohort):
    (cohort.parent / "1.png").write_bytes(b"no")
    with pytest.raises(CohortError, match="1 of 4"):
        read_examples(cohort, View((8, 8)))
    left = read_examples(cohort, View((8, 8), skip_damaged=True))
    assert [row.id for row in left.rows] == ["c0", "c2", "c3"]
    assert left.left_out[0][0] == "c1"


def test_a_mask_of_another_size_and_a_box_inside_out(cohort):
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(cohort.parent / "m2.png")
    with pytest.raises(CohortError, match="5 × 5"):
        read_examples(cohort, View((8, 8), mask="mask"))
    cohort.write_text(cohort.read_text().replace("[[10, 5, 30, 10]]", "[[30, 5, 10, 10]]", 1))
    with pytest.raises(CohortError, match="ends before"):
        read_examples(cohort, View((8, 8), boxes="boxes"))


def test_a_column_that_is_not_there(cohort):
    with pytest.raises(CohortError, match="diagnosis"):
        read_examples(cohort, View((8, 8), label="diagnosis"))


def test_medmnist_archives_of_pictures_and_volumes(tmp_path):
    rng = np.random.default_rng(0)
    for name, shape in (("grey", (6, 9, 9)), ("colour", (6, 9, 9, 3)), ("volume", (6, 5, 9, 9))):
        held = {f"{s}_images": rng.integers(0, 255, shape).astype(np.uint8) for s in ("train", "test")}
        held |= {f"{s}_labels": np.arange(6)[:, None] % 2 for s in ("train", "test")}
        np.savez(tmp_path / f"{name}.npz", **held)
    grey = read_examples(tmp_path / "grey.npz", View((9, 9)), "train")
    assert grey.stack().shape == (6, 1, 9, 9)
    assert [row.label for row in grey.rows] == ["0", "1"] * 3
    assert read_examples(tmp_path / "colour.npz", View((9, 9), 3)).stack().shape == (12, 3, 9, 9)
    assert read_examples(tmp_path / "volume.npz", View((5, 9, 9))).stack().shape == (12, 1, 5, 9, 9)
    with pytest.raises(CohortError, match="no split 'val'"):
        read_examples(tmp_path / "grey.npz", View((9, 9)), "val")
