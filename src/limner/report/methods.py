"""The methods paragraph: one sentence for every step that ran, from what the run wrote down about it."""

from __future__ import annotations

from collections.abc import Mapping

from limner.report import catalogue
from limner.report.content import LANGUAGES, ReportContent

_SENTENCES: dict[str, tuple[str, str]] = {
    "open": (
        "The {modality} series was read with its geometry in patient coordinates (LPS, millimetres): {shape} voxels of "
        "{spacing} mm.",
        "读取 {modality} 序列及其患者坐标（LPS，毫米）几何：{shape} 体素，体素大小 {spacing} mm。",
    ),
    "predict": (
        "Every voxel was given one of {labels} labels by the model pack {pack} {version}, run by {engine}.",
        "由模型包 {pack} {version}（推理引擎 {engine}）为每个体素赋予 {labels} 种标签之一。",
    ),
    "measure": (
        "Volumes are voxels times the volume of one; diameters, densities and distances were measured on the label "
        "map, in millimetres of the patient.",
        "体积为体素数乘以单个体素体积；径线、密度与距离均在标签图上以患者坐标毫米测量。",
    ),
    "explain": (
        "The shape of lesions was measured on the outlines that the pack drew, by published formulas; heat, where "
        "there is any, was computed from the same nets and the same scan.",
        "病灶形态按已发表公式在模型所绘轮廓上测量；如有热图，则由同一网络与同一影像计算得出。",
    ),
    "surfaces": (
        "Closed surfaces were taken from the label map, smoothed and simplified.",
        "由标签图提取闭合表面，并经平滑与简化。",
    ),
    "export": (
        "Label map, surfaces and, where the series allows it, DICOM objects were written in the coordinates of the "
        "series.",
        "标签图、表面以及（在序列允许时）DICOM 对象均按原序列坐标写出。",
    ),
    "verify": (
        "Every export was read back and compared with the label map in world millimetres, sides included.",
        "所有导出文件均被重新读取，并以世界坐标毫米（含左右、前后）与标签图比对。",
    ),
}
_SIGNALS = (
    "Volumes are voxels times the volume of one; diameters and distances were measured on the label map, in "
    "millimetres of the patient. Signals are in arbitrary units: they cannot be compared between scanners.",
    "体积为体素数乘以单个体素体积；径线与距离均在标签图上以患者坐标毫米测量。信号强度为任意单位，不同扫描仪之间不可比较。",
)
_SLICES = (
    "The net saw one axial slice at a time: {channels}, each laid on the grid of the drawn series by its place in the "
    "scanner, without registration.",
    "网络逐层读取横断面：{channels}；各序列按其扫描坐标重采样至所绘序列的网格，未作配准。",
)
_INTERVALS = (
    "Intervals of volumes follow from the model's own probabilities.",
    "体积区间由模型自身的概率得出。",
)
_UNMEASURED = ("Values outside {low} to {high} were not known to the model.", "模型未知 {low} 至 {high} 以外的灰度值。")


def methods(content: ReportContent, lang: str) -> str:
    """The paragraph, in the order in which the steps ran.

    A step that this file has no sentence for is left to the table of steps; without steps the paragraph is empty.
    """
    k = LANGUAGES.index(lang)
    facts = _facts(content, lang)
    sentences = []
    for name in step_names(content.run):
        if name in _SENTENCES and (name != "explain" or content.whys):
            signals = name == "measure" and content.drawing.study.modality == "MR"
            sentences.append((_SIGNALS if signals else _SENTENCES[name])[k].format_map(facts))
        if name == "predict" and content.drawing.study.channels:
            sentences.append(_SLICES[k].format_map(facts))
        if name == "open" and content.image.clipped:
            low, high = content.image.clipped
            sentences.append(_UNMEASURED[k].format(low=f"{low:g}", high=f"{high:g}"))
        if name == "measure" and any(one.low is not None for f in content.drawing.findings for one in f.measurements):
            sentences.append(_INTERVALS[k])
    return ("" if lang == "zh" else " ").join(sentences)


def step_names(run: Mapping[str, object]) -> tuple[str, ...]:
    """Names of the steps that ran."""
    steps = run.get("steps")
    return tuple(str(one["name"]) for one in steps) if isinstance(steps, (list, tuple)) else ()


def _facts(content: ReportContent, lang: str) -> dict[str, str]:
    say = catalogue.words(lang)
    grid, pack = content.image.grid, content.drawing.pack
    return {
        "modality": content.drawing.study.modality,
        "shape": " × ".join(str(n) for n in grid.shape[::-1]),
        "spacing": " × ".join(f"{one:.3g}" for one in grid.spacing_mm[::-1]),
        "labels": str(len(content.labels.labels)),
        "pack": pack.name,
        "version": pack.version,
        "engine": str(content.run.get("engine", "?")),
        "channels": say["comma"].join(say[f"channel.{name}"] for name in content.drawing.study.channels),
    }
