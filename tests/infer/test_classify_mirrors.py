from types import SimpleNamespace

import numpy as np
import pytest

from limner.infer.classify import Classifier


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
