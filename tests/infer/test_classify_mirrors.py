from types import SimpleNamespace

import numpy as np
import pytest

from limner.infer.classify import Classifier
from limner.infer.views import over_views


def classifier(mirrors):
    """A net that says where the light is: on the left, on top."""

    def run(inputs):
        x = inputs["image"]
        assert x.flags.c_contiguous
        return {"logits": np.stack([x[..., :4].mean((1, 2, 3)), x[..., :4, :].mean((1, 2, 3))], 1), "maps": x}

    pack = SimpleNamespace(name="left", spec=SimpleNamespace(calibration=None, mirrors=mirrors))
    return Classifier(pack, "fake", SimpleNamespace(run=run))


@pytest.fixture
def images():
    images = np.zeros((3, 1, 8, 8), np.uint8)
    images[:, :, :4, :4] = 255  # the corner at the top left
    return images


@pytest.mark.parametrize(("mirrors", "answer"), [("x", [0.25, 0.5]), ("y", [0.5, 0.25]), ("yx", [0.25, 0.25])])
def test_views_are_those_that_the_net_learned_from(images, mirrors, answer):
    np.testing.assert_allclose(classifier("").logits(images), np.tile([0.5, 0.5], (3, 1)))
    np.testing.assert_allclose(classifier(mirrors).logits(images, batch=2), np.tile(answer, (3, 1)))


def test_what_is_explained_is_what_is_answered():
    """Turned back, the mean map has the mean logit as its mean: Grad-CAM over views stays exact."""

    def run(inputs):
        x = inputs["image"]
        maps = np.stack([x[:, 0] * np.linspace(0, 1, 8), x[:, 0] * np.linspace(1, 0, 8)[:, None]], 1)
        return {"logits": maps.mean((2, 3)), "maps": maps}

    x = np.random.default_rng(0).random((2, 1, 8, 8)).astype(np.float32)
    found = over_views(run, "yx")({"image": x})
    np.testing.assert_allclose(found["maps"].mean((2, 3)), found["logits"], rtol=1e-5)
    turned = over_views(run, "yx")({"image": np.ascontiguousarray(x[..., ::-1])})
    np.testing.assert_allclose(turned["logits"], found["logits"], rtol=1e-5)
    np.testing.assert_allclose(turned["maps"][..., ::-1], found["maps"], rtol=1e-5)
    assert over_views(run, "") is run
