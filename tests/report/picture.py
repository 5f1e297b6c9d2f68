"""Answers about pictures with known content, as their reports are given them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from limner.findings import CodedConcept, Drawing, Evidence, Finding, Measurement, PackNote, ProblemNote, StudyNote
from limner.image import Picture
from limner.image.anatomy import named
from limner.packs.spec import PackSpec
from limner.report import Held, PictureContent, Reason

PROBABILITIES = {"melanoma": 0.83, "melanocytic nevus": 0.12, "benign keratosis": 0.05}


def spec(**changes: Any) -> PackSpec:
    """A pack that classifies skin lesions."""
    whole: dict[str, Any] = {
        "schema": "limner.pack/1",
        "name": "skin",
        "version": "2.0",
        "task": "classify",
        "description": "Three kinds of skin lesions.",
        "input": {"modality": ["XC"], "size": [64, 64], "channels": 3},
        "classes": list(PROBABILITIES),
        "groups": {"malignant": ["melanoma"]},
        "calibration": {
            "temperature": 1.4,
            "abstain_below": 0.55,
            "ece_before": 0.093,
            "ece_after": 0.021,
            "fitted_on": "300 cases of the check split",
        },
        "licence": "Non-commercial use only",
        "non_commercial": True,
        "training": [{"case": "train", "source": "cohort", "licence": "CC BY-NC 4.0"}],
        "figures": [{"data": "test", "n": 301, "metrics": {"auc": {"value": 0.9, "low": 0.86, "high": 0.93}}}],
    }
    return PackSpec.model_validate(whole | changes)


def photo(rows: int = 60, columns: int = 80) -> Picture:
    """A dark disc on skin."""
    y, x = np.mgrid[:rows, :columns]
    array = np.empty((3, rows, columns), np.uint8)
    array[:] = np.array([220, 180, 150], np.uint8)[:, None, None]
    array[:, np.hypot(y - rows / 2, x - columns / 2) < rows / 4] = 60
    return Picture(array)


def answer(**changes: Any) -> Finding:
    """Melanoma, with its evidence."""
    code = CodedConcept(scheme="SCT", value="93655004", meaning="Malignant melanoma of skin")
    evidence = (Evidence(kind="grad-cam", file="explanation/grad-cam.png", sentence="Because.", checks={}),)
    whole = {"id": "class-1", "name": "melanoma", "kind": "class", "label": 0, "probability": 0.83}
    return Finding(**{**whole, "code": code, "evidence": evidence, **changes})


def drawing(**changes: Any) -> Drawing:
    """The drawing of the photograph."""
    whole = {
        "schema": "limner.drawing/1",
        "study": StudyNote(uid="2.25.7", modality="XC"),
        "pack": PackNote(name="skin", version="2.0", sha256="cd" * 32),
        "findings": (answer(),),
        "problems": (ProblemNote(code="no-colour", severity="warning", text="The picture is grey."),),
        "files": {"image": "picture.png", "report": "report.html", "pdf": "report.pdf", "run": "run.json"},
    }
    return Drawing(**{**whole, **changes})


def reasons() -> tuple[Reason, ...]:
    """A map that passed its checks, one that did not, and attributes."""
    heat = np.zeros((60, 80), np.float32)
    heat[25:35, 35:45], heat[:5, :5] = 1.0, -0.6
    good = (Held("deletion_auc", 0.31, 0.55, True), Held("insertion_auc", 0.8, 0.5, True))
    outline = heat > 0
    return (
        Reason("grad-cam", heat=heat, held=good),
        Reason("lime", heat=-heat, held=(Held("local_fit", float("nan"), 0.5, False),)),
        Reason("attributes", outline=outline, rows=(("An irregular border (index 1.8)", "0.40"),)),
    )


def content(**changes: Any) -> PictureContent:
    """The content of a report on the photograph; keywords replace its parts."""
    whole = PictureContent(
        drawing=drawing(),
        picture=photo(),
        pack=spec(),
        probabilities=PROBABILITIES,
        groups={"malignant": 0.83},
        reasons=reasons(),
        sentence="Classified melanoma mainly because of an irregular border.",
        run=run(),
        citations=("First A. 2020.",),
    )
    return replace(whole, **changes)


def unsure(**changes: Any) -> PictureContent:
    """The same where the pack is not sure."""
    low = {"melanoma": 0.41, "melanocytic nevus": 0.38, "benign keratosis": 0.21}
    return content(drawing=drawing(findings=(answer(probability=0.41, abstained=True),)), probabilities=low, **changes)


def outlined(**changes: Any) -> PictureContent:
    """An ultrasound still with one lesion outlined and one boxed."""
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 30:50] = 1
    code = CodedConcept(scheme="SCT", value="52988006", meaning="Lesion")
    area = Measurement(name="area", value=400.0, unit="px2", low=371.0, high=433.0)
    lesion = Finding(id="breast-lesion-1", name="breast lesion", kind="lesion", label=1, code=code, probability=0.91,
                     measurements=(area, Measurement(name="longest diameter", value=28.3, unit="px")))  # fmt: skip
    box = Finding(id="box-1", name="opacity", kind="box", label=0, code=code, probability=0.7, box=[5, 5, 25, 20])
    pack = spec(task="segment", classes=["background", "breast lesion"], groups={})
    whole = {
        "drawing": drawing(findings=(lesion, box), study=StudyNote(uid="2.25.8", modality="US"), problems=()),
        "pack": pack,
        "probabilities": {},
        "groups": {},
        "mask": mask,
        "labels": (named("breast lesion", 1),),
        "unsure": mask / 2.0,
        "reasons": (),
        "sentence": "",
    }
    return content(**{**whole, **changes})


def run(**changes: Any) -> dict[str, Any]:
    """What ``run.json`` says."""
    check = {"file": "picture.png", "what": "pixels that differ", "expected": (0.0,), "got": (0.0,), "ok": True}
    return {
        "limner": "0.1.0",
        "engine": "openvino",
        "versions": {"python": "3.11.2"},
        "machine": {"system": "Linux", "processor": "x86_64", "cores": 2},
        "steps": [{"name": n, "seconds": 0.5, "peak_mb": 200.0} for n in ("open", "predict", "explain", "verify")],
        "seconds": 2.0,
        "peak_mb": 200.0,
        "geometry": [{**check, "hint": ""}],
        **changes,
    }
