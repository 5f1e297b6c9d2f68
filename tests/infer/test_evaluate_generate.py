"""A generator beside real pictures: the figures are there, real ones set the mark, and a copier is found out."""

import numpy as np
import pytest

from limner.data.examples import View, read_examples
from limner.errors import CohortError, PackError
from limner.infer.evaluate import EvaluateOptions, evaluate
from limner.infer.evaluate import generate as module
from limner.packs import load_pack
from tests.infer.test_generate import make
from tests.train.pictures import write_pictures

LOOK = EvaluateOptions(split="test", features="lidc-nodule", engine="onnxruntime")


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return make(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("many"), count=160)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(module, "MADE", 24)


def test_an_untrained_generator_is_far_where_real_pictures_are_near(pack, cohort, few):
    found = evaluate(pack, cohort, LOOK)
    assert found.task == "generate"
    assert found.n >= 20
    assert found.metrics["kernel_distance"].value > 10 * abs(found.baseline["kernel_distance"])
    assert found.metrics["precision"].value < 0.5
    assert found.metrics["copied"].value == 0
    assert "features of lidc-nodule" in found.problems[0]


def test_a_generator_that_gives_back_its_training_pictures_is_found_out(pack, cohort, few, monkeypatch):
    train = read_examples(cohort, View((16, 16), 1, label=None), "train").stack()
    monkeypatch.setattr(module, "make_pictures", lambda generator, count, progress: train[:count])
    found = evaluate(pack, cohort, LOOK)
    assert found.metrics["copied"].value > 0.9
    assert any("do not ship" in one for one in found.problems)
    assert found.metrics["precision"].value > 0.7  # near it is, which is why copies are looked for


def test_where_held_out_pictures_were_learned_from_the_other_figures_still_stand(pack, cohort, few, monkeypatch):
    """Test pictures that are training pictures: distances are told, copies are not, and the reason is."""
    test = read_examples(cohort, View((16, 16), 1, label=None), "test")
    monkeypatch.setattr(module, "_learned", lambda *arguments: test)
    found = evaluate(pack, cohort, LOOK)
    assert "kernel_distance" in found.metrics and "copied" not in found.metrics
    assert any("cannot be told" in one for one in found.problems)


def test_pictures_are_the_same_whenever_they_are_made(pack):
    from limner.infer.generate import open_generator

    generator = open_generator(pack, "onnxruntime")
    assert np.array_equal(module.make_pictures(generator, 3), module.make_pictures(generator, 20)[:3])


def test_too_few_real_pictures_and_no_net_to_look_are_refused(pack, tmp_path, few):
    cohort = write_pictures(tmp_path / "few", count=24)
    with pytest.raises(CohortError, match="too few"):
        evaluate(pack, cohort, LOOK)
    spec = pack.main.picture.model_copy(update={"modality": ["NM"]})
    with pytest.raises(PackError, match="name one with --features"):
        module.fitting_features(spec)


def test_features_are_those_of_a_pack_for_such_pictures():
    assert module.fitting_features(load_pack("skin-lesion").main.picture).name == "skin-lesion"
    assert module.fitting_features(load_pack("brain-glioma-mri").main.picture).name == "brain-glioma-mri"
