"""Features of shipped nets: the same on every engine, the same as the net computes itself, honestly named."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file
from scipy.ndimage import gaussian_filter

from limner.errors import EngineError, PackError
from limner.infer.engines import open_engine
from limner.infer.engines.layers import giving_out, stages
from limner.infer.features import Features, layers
from limner.packs import load_pack
from limner.tasks.fidelity import perceptual_distance


def images(n: int, channels: int, size: int, seed: int = 0) -> np.ndarray:
    smooth = gaussian_filter(np.random.default_rng(seed).normal(size=(n, channels, size, size)), (0, 0, 2, 2))
    return ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)


@pytest.mark.parametrize(("name", "width"), [("skin-lesion", 384), ("brain-glioma-mri", 192)])
def test_engines_agree_image_by_image(name, width):
    pack, asked = load_pack(name), images(5, 3, 64)
    found = {engine: Features(pack, engine=engine).features(asked, batch=2) for engine in ("openvino", "onnxruntime")}
    assert found["openvino"].shape == (5, width)
    assert np.allclose(found["openvino"], found["onnxruntime"], rtol=1e-3, atol=1e-4)
    alone = Features(pack, engine="openvino").features(asked[3:4])
    assert np.allclose(found["openvino"][3:4], alone, rtol=1e-3, atol=1e-4)
    assert len(np.unique(found["openvino"].round(3), axis=0)) == 5


def test_the_deepest_features_times_the_head_are_the_answer():
    pack, asked = load_pack("skin-lesion"), images(4, 3, 112, seed=3)
    weights = load_file(pack.main.weights)
    head, bias = weights["head.weight"].astype(np.float32)[:, :, 0, 0], weights["bias"].astype(np.float32)
    _, engine = open_engine("openvino", pack.main)
    logits = engine.run({"image": asked.astype(np.float32) / 255})["logits"]
    assert np.allclose(Features(pack).features(asked) @ head.T + bias, logits, atol=1e-3)


def test_names_of_layers_against_the_onnx_package():
    for name in ("skin-lesion", "brain-glioma-mri", "lidc-nodule"):
        model = load_pack(name).main.model
        graph = onnx.load(model, load_external_data=False).graph
        made = {node.output[0]: node for node in graph.node}
        found = stages(model)
        assert len(found) >= 5 and all(value in made for value in found.values())
        for stage, value in found.items():
            rest = [
                node
                for node in graph.node
                if f"/{stage}/" in node.name and node.op_type in ("Relu", "LeakyRelu", "Mul")
            ]
            assert rest[-1].output[0] == value
    extended = onnx.load_from_string(giving_out(model.read_bytes(), list(found.values())))
    assert [one.name for one in extended.graph.output] == ["logits", *found.values()]


def test_perceptual_distance_grows_with_blur():
    seen = Features(load_pack("skin-lesion"), layers(load_pack("skin-lesion")))
    sharp = images(2, 3, 112)
    blurred = [gaussian_filter(sharp, (0, 0, s, s)) for s in (1, 3)]
    little, much = (perceptual_distance(seen.maps(sharp), seen.maps(one)) for one in blurred)
    assert (little > 0).all() and (little < much).all()
    assert np.allclose(perceptual_distance(seen.maps(sharp), seen.maps(sharp)), 0)


def test_is_named_after_its_net_and_refuses_what_it_has_not():
    pack = load_pack("skin-lesion")
    assert Features(pack).name == f"features of skin-lesion {pack.version}, layer features.7"
    assert layers(pack)[-1] == "features.7"
    with pytest.raises(PackError, match=r"no layer 'features\.9'.*Did you mean"):
        Features(pack, ["features.9"])
    with pytest.raises(PackError, match="reads scans"):
        Features(load_pack("abdomen-ct"))
    with pytest.raises(EngineError, match="openvino or onnxruntime"):
        Features(pack, engine="torch")


def test_grey_images_and_other_sizes():
    grey = images(3, 1, 50)
    found = Features(load_pack("brain-glioma-mri")).features(grey)
    assert found.shape == (3, 192) and np.isfinite(found).all()
