"""Forward-only Grad-CAM against true gradients, and gradients where there is no other way."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from limner import nets
from limner.errors import CohortError, EngineError, NothingFoundError, PackError
from limner.infer import Pack, load_pack
from limner.infer.explain import More, explain, gradient
from limner.infer.explain.cam import logit_map, odds_map
from limner.infer.explain.evaluate import CohortOptions, evaluate_explanations
from limner.infer.explain.gradient import GradCam, chosen_layer, shuffled
from tests.infer.explained import spot
from tests.infer.test_explain_evaluate import write_cohort

CLASSES = 4


@pytest.fixture(params=[(32, 32), (16, 16, 16)], ids=["2-D", "3-D"])
def classifier(request):
    """An untrained ResNet-18 in eval mode, and a picture for it."""
    size = request.param
    torch.manual_seed(0)
    net = nets.build("resnet18", 3, CLASSES, dims=len(size), width=8, stem="small").eval()
    image = np.random.default_rng(0).integers(0, 255, (3, *size)).astype(np.uint8)
    with torch.no_grad():
        logits, maps = net(torch.from_numpy(image[None].astype(np.float32) / 255))
    return net, image, logits[0].numpy(), maps[0].numpy()


@pytest.mark.parametrize("member", range(CLASSES))
def test_the_map_of_a_class_is_grad_cam_up_to_its_scale(classifier, member: int) -> None:
    net, image, _, maps = classifier
    true = GradCam(net, "features")(image, lambda outputs: outputs[0][0, member])
    cells = np.prod(maps.shape[1:])
    assert np.allclose(true, logit_map(maps, member) / cells, atol=1e-5)


@pytest.mark.parametrize("members", [(0,), (1, 3)])
def test_the_map_of_log_odds_is_grad_cam_of_log_odds(classifier, members) -> None:
    net, image, logits, maps = classifier
    others = [k for k in range(CLASSES) if k not in members]

    def odds(outputs):
        return torch.logsumexp(outputs[0][0, list(members)], 0) - torch.logsumexp(outputs[0][0, others], 0)

    true = GradCam(net, "features")(image, odds)
    assert np.allclose(true, odds_map(maps, logits, members) / np.prod(maps.shape[1:]), atol=1e-5)


def test_what_all_classes_share_cancels_in_the_log_odds(classifier) -> None:
    *_, logits, maps = classifier
    common = np.random.default_rng(1).normal(size=maps.shape[1:])
    assert np.allclose(odds_map(maps + common, logits + common.mean(), (2,)), odds_map(maps, logits, (2,)), atol=1e-5)


class Hourglass(nn.Module):
    """A segmenter whose answer is darkness, by way of a coarse layer."""

    def __init__(self, dims: int) -> None:
        super().__init__()
        conv, pool = (nn.Conv2d, nn.AvgPool2d) if dims == 2 else (nn.Conv3d, nn.AvgPool3d)
        self.look, self.down, self.deep = conv(3, 4, 1), pool(4), conv(4, 4, 1)
        self.up, self.head = nn.Upsample(scale_factor=4), conv(4, 2, 1)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.zero_()
            self.look.weight[0] = -1 / 3
            self.look.bias[0] = 0.6
            self.deep.weight[0, 0] = 1.0
            self.deep.weight[1, 1] = 1.0
            self.head.weight[1, 0] = 30.0
            self.head.bias[0] = 3.0

    def forward(self, x):
        return (self.head(self.up(torch.relu(self.deep(self.down(torch.relu(self.look(x))))))),)


def test_the_coarsest_layer_is_the_last_that_is_coarsest() -> None:
    assert chosen_layer(Hourglass(2), (32, 32), 3, "classify") == "deep"
    assert chosen_layer(Hourglass(3), (16, 16, 16), 3, "classify") == "deep"


@pytest.mark.parametrize("size", [(32, 32), (16, 16, 16)])
def test_grad_cam_of_a_segmentation_is_the_formula(size) -> None:
    """Vinogradova's equation, with gradients that are taken by hand: the head is linear in the deep features."""
    net = Hourglass(len(size))
    picture, mask = spot(size, tuple(n // 2 for n in size), min(size) / 4)
    found = GradCam(net, "deep")(picture.array, lambda outputs: outputs[0][0, 1][torch.from_numpy(mask)].sum())
    with torch.no_grad():
        x = torch.from_numpy(picture.array[None].astype(np.float32) / 255)
        features = net.deep(net.down(torch.relu(net.look(x))))[0].numpy()
    per_cell = mask.sum() / features[0].size  # each pixel's gradient, 30, falls to its cell; the mean is over cells
    assert np.allclose(found, 30.0 * per_cell * np.maximum(features[0], 0), rtol=1e-4)


class Finder(nn.Module):
    """A detector whose centres are dark cells of 4 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.features, self.centers = nn.Conv2d(3, 4, 4, 4), nn.Conv2d(4, 1, 1)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.zero_()
            self.features.weight[0] = -1 / 48
            self.features.bias[0] = 1.0
            self.centers.weight[0, 0] = 12.0
            self.centers.bias[0] = -6.0

    def forward(self, x):
        centers = self.centers(torch.relu(self.features(x)))
        return centers, torch.zeros_like(centers).repeat(1, 2, 1, 1), torch.zeros_like(centers).repeat(1, 2, 1, 1)


def seg_pack(folder: Path, size: tuple[int, ...], monkeypatch: pytest.MonkeyPatch, task: str = "segment") -> Pack:
    """The hourglass or the finder as a pack, known to the registry of nets for one test."""
    folder.mkdir()
    net = (Hourglass(len(size)) if task == "segment" else Finder()).eval()
    outputs = {"segment": ["logits"], "detect": ["centers", "sizes", "offsets"]}[task]
    monkeypatch.setattr(
        nets, "build", lambda name, channels, classes, **options: type(net)(*([len(size)] if task == "segment" else []))
    )
    save_file(net.state_dict(), folder / "weights.safetensors")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter warns of its successor
        torch.onnx.export(
            net,
            (torch.zeros(1, 3, *size),),
            str(folder / "model.onnx"),
            input_names=["image"],
            output_names=outputs,
            dynamic_axes={name: {0: "n"} for name in ["image", *outputs]},
            opset_version=17,
            dynamo=False,
        )
    spec = {
        "schema": "limner.pack/1",
        "name": "hourglass",
        "version": "1",
        "task": task,
        "description": "Darkness, for tests.",
        "input": {"modality": ["XC"], "size": list(size), "channels": 3},
        "classes": ["background", "lesion"],
        "net": {"name": "hourglass"},
        "licence": "Apache-2.0",
        "non_commercial": False,
        "training": [],
    }
    (folder / "pack.json").write_text(json.dumps(spec))
    return load_pack(folder)


@pytest.mark.parametrize("size", [(32, 32), (16, 16, 16)])
def test_a_segmentation_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size) -> None:
    pack = seg_pack(tmp_path / "pack", size, monkeypatch)
    picture, mask = spot(size, tuple(n // 2 for n in size), min(size) / 4)
    found = explain(pack, picture, engine="onnxruntime", more=More(mask=mask, samples=60))
    assert found.task == "segment" and found.name == "lesion" and found.sentence.startswith("Outlined lesion")
    assert [one.kind for one in found.maps] == ["grad-cam", "lime"] and found.attributes is None
    cam = found.maps[0]
    assert "gradients at deep" in str(cam.about["how"])
    checks = {one.name: one for one in cam.checks}
    assert checks["pointing"].passed and checks["deletion_auc"].passed and "randomisation" in checks
    assert any("Attributes are asked of packs that classify" in text for text in found.warnings)


def test_what_cannot_be_explained_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = seg_pack(tmp_path / "pack", (32, 32), monkeypatch)
    picture, _ = spot((32, 32), (16, 16), 8)
    with pytest.raises(PackError, match="classifiers"):
        explain(pack, picture, method="attributes", engine="onnxruntime")
    bright, _ = spot((32, 32), (99, 99), 1)
    with pytest.raises(NothingFoundError, match="nothing to explain"):
        explain(pack, bright, engine="onnxruntime")
    (pack.folder / "weights.safetensors").unlink()
    with pytest.raises(EngineError, match="trainable weights"):
        explain(pack, picture, method="grad-cam", engine="onnxruntime")
    found = explain(pack, picture, method="both", engine="onnxruntime", more=More(samples=40, check=False))
    assert [one.kind for one in found.maps] == ["lime"]
    assert any("Grad-CAM was left out" in text for text in found.warnings)


def test_pictures_in_which_nothing_was_found_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = seg_pack(tmp_path / "pack", (32, 32), monkeypatch)
    cohort = write_cohort(tmp_path / "cohort")
    options = CohortOptions(engine="onnxruntime", check=False)
    assert evaluate_explanations(pack, cohort, options).metrics["pointing"].value == 1.0
    for number in (0, 2):
        Image.fromarray(np.full((64, 64, 3), 250, np.uint8)).save(cohort.parent / f"{number}.png")
    found = evaluate_explanations(pack, cohort, options)
    assert (found.n, found.nothing_found, found.without_mask) == (2, 2, 1)
    for number in (1, 3):
        Image.fromarray(np.full((64, 64, 3), 250, np.uint8)).save(cohort.parent / f"{number}.png")
    with pytest.raises(CohortError, match="in 4 the pack found nothing"):
        evaluate_explanations(pack, cohort, options)


def test_attention_does_not_hide_the_stage_that_it_belongs_to() -> None:
    net = nets.build("resnet18", 3, 2, dims=2, width=8, stem="small", cbam=True).eval()
    assert chosen_layer(net, (32, 32), 3, "classify") == "dropout"  # which passes on what the attention gives
    unet = nets.build("unet", 3, 2, dims=2, channels=[8, 8, 16, 16], cbam=True, deep=1).eval()
    assert chosen_layer(unet, (32, 32), 3, "classify") == "encoders.3"
    assert chosen_layer(unet, (32, 32), 3, "segment").startswith("decoders.2")  # a quarter of the size, on the way up


def test_a_nodule_in_a_window_is_seen_at_half_its_size_place_by_place() -> None:
    net = nets.build("center-net", 1, 2, dims=3, channels=[8, 16, 16], stride=2).eval()
    assert chosen_layer(net, (32, 32, 32), 1, "detect", local=True) == "dropout"  # before the heads part
    image = np.random.default_rng(0).normal(size=(1, 32, 32, 32)).astype(np.float32)
    heat = GradCam(net, "dropout", local=True)(image, lambda outputs: outputs[0][0, 0, 8, 8, 8])
    far = np.abs(np.indices(heat.shape) - 8).max(0) > 1  # the head sees one cell around its own
    assert heat.shape == (16, 16, 16) and np.abs(heat[~far]).max() > 0 and not heat[far].any()


def test_shuffled_nets_keep_their_values_in_other_places() -> None:
    net = nn.Conv2d(3, 8, 3)
    other = shuffled(net, np.random.default_rng(0))
    assert not torch.equal(net.weight, other.weight)
    assert torch.equal(net.weight.flatten().sort().values, other.weight.flatten().sort().values)


def test_a_detection_is_explained_at_its_peak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = seg_pack(tmp_path / "pack", (32, 32), monkeypatch, task="detect")
    picture, mask = spot((32, 32), (22, 10), 5)
    found = explain(pack, picture, engine="onnxruntime", more=More(mask=mask, samples=80))
    assert found.sentence.startswith("Found lesion (probability 0.") and found.probability > 0.5
    for made in found.maps:
        assert next(one for one in made.checks if one.name == "pointing").passed, made.kind


def test_without_weights_there_are_no_gradients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = seg_pack(tmp_path / "pack", (32, 32), monkeypatch)
    assert gradient.can_differentiate(pack.main)
    (pack.folder / "weights.safetensors").unlink()
    assert not gradient.can_differentiate(pack.main)
