"""A picture that a generator made is found again; another is approached."""

import numpy as np
import pytest

from limner.errors import PackError
from limner.infer.generate import open_generator
from limner.infer.generate.project import project
from limner.packs import load_pack
from tests.infer.test_generate import make
from tests.train.pictures import CLASSES


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    return open_generator(make(tmp_path_factory.mktemp("classes"), condition="label", classes=CLASSES))


def test_its_own_picture_is_found_again(generator):
    light = generator.one_class(1)
    target = generator.pictures([generator.latent(11, condition=light)])[0]
    found = project(generator, target, condition=light, steps=150)
    assert found.error < 0.4 * found.mean_error
    again = generator.pictures([found.latent])[0]
    assert np.abs(again - target).mean() == pytest.approx(found.error, abs=0.01)  # an engine makes what torch found
    assert np.array_equal(found.latent.condition, light)


def test_the_same_search_finds_the_same(generator):
    target = generator.pictures([generator.latent(3)])[0]
    a, b = (project(generator, target, steps=10).latent.styles for _ in range(2))
    assert np.array_equal(a, b)


def test_a_pack_of_another_net_is_refused(generator, monkeypatch):
    other = load_pack(generator.pack.folder)
    spec = other.spec.model_copy(update={"net": None})
    monkeypatch.setattr(generator, "pack", type(other)(other.folder, spec))
    with pytest.raises(PackError, match="holds no StyleGAN2"):
        project(generator, np.zeros((1, 16, 16), np.float32))
