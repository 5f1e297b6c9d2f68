"""An explanation in words, English and Chinese: only what was measured is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from limner.errors import InputError
from limner.infer.explain.explanation import AttributeEffect, AttributeTable, Check, HeatMap
from limner.infer.explain.heat import hottest

LANGUAGES = ("en", "zh")

_WORDS: dict[str, tuple[str, str]] = {
    "classify": ("Classified {name} (probability {p:.2f})", "判为{name}（概率 {p:.2f}）"),
    "segment": ("Outlined {name} (mean probability {p:.2f})", "勾画出{name}（平均概率 {p:.2f}）"),
    "detect": ("Found {name} (probability {p:.2f})", "检出{name}（概率 {p:.2f}）"),
    "other": ("The probability of {name} is {p:.2f}", "{name}的概率为 {p:.2f}"),
    "unsure": ("Not sure; likeliest is {name} (probability {p:.2f})", "不确定；最可能为{name}（概率 {p:.2f}）"),
    "unsure_of": ("Not sure whether there is {name} (probability {p:.2f})", "不确定是否有{name}（概率 {p:.2f}）"),
    "mainly": (
        ", mainly because of {what}; without {them} the probability falls from {p:.2f} to {q:.2f}",
        "，主要依据为{what}；去除后概率由 {p:.2f} 降至 {q:.2f}",
    ),
    "partly": (
        ", partly because of {what}; without {them} the probability falls from {p:.2f} to {q:.2f}",
        "，部分依据为{what}；去除后概率由 {p:.2f} 降至 {q:.2f}",
    ),
    "hardly": (
        ". None of the attributes that were measured carries it: {what}",
        "。所测各项属性均不足以解释该概率：{what}",
    ),
    "half": (
        "Half of the evidence by {method} lies in {share:.0f} % of the picture, {place}.",
        "{method} 证据的一半集中于图像的 {share:.0f}%，位于{place}。",
    ),
    "at": ("around {place}", "{place}"),
    "around_voxel": ("around voxel ({place}) along (z, y, x)", "体素（{place}，按 z, y, x）附近"),
    "it": ("it", "其"),
    "them": ("them", "其"),
    "and": (" and ", "和"),
    "comma": (", ", "、"),
    "stop": (".", "。"),
    "gap": (" ", ""),
    # places
    "upper": ("upper", "上"),
    "middle": ("middle", "中"),
    "lower": ("lower", "下"),
    "left": ("left", "左"),
    "right": ("right", "右"),
    "centre": ("its middle", "中部"),
    # attributes
    "asymmetry.yes": ("an asymmetric shape ({v:.0%} has no mirror image)", "形状不对称（{v:.0%} 无对称部分）"),
    "asymmetry.no": ("its shape ({v:.0%} has no mirror image)", "形状（{v:.0%} 无对称部分）"),
    "border.yes": ("an irregular border (index {v:.2f}; a circle has 1)", "边缘不规则（指数 {v:.2f}，圆为 1）"),
    "border.no": ("its border (index {v:.2f}; a circle has 1)", "边缘（指数 {v:.2f}，圆为 1）"),
    "colour.one": ("its one colour ({names})", "单一颜色（{names}）"),
    "colour.many": ("{n} colours ({names})", "{n} 种颜色（{names}）"),
    "diameter": ("its diameter ({v:.1f} {unit})", "直径（{v:.1f} {unit}）"),
    "size": ("its size ({v:.1f} {unit} across)", "大小（最长径 {v:.1f} {unit}）"),
    "margin.yes": ("a blurred margin ({v:.0%} of the radius wide)", "边界模糊（宽度为半径的 {v:.0%}）"),
    "margin.no": ("a sharp margin ({v:.0%} of the radius wide)", "边界清晰（宽度为半径的 {v:.0%}）"),
    "lobulation": ("its lobes ({v:.0%} of its hull is left out)", "分叶（凸包缺损 {v:.0%}）"),
    "spiculation": ("its spikes ({v:.0%} of it)", "毛刺（占 {v:.0%}）"),
    "texture": ("its texture (contrast {v:.1f})", "纹理（对比度 {v:.1f}）"),
    "white": ("white", "白色"),
    "red": ("red", "红色"),
    "light brown": ("light brown", "浅褐色"),
    "dark brown": ("dark brown", "深褐色"),
    "blue-grey": ("blue-grey", "蓝灰色"),
    "black": ("black", "黑色"),
    "px": ("pixels", "像素"),
    "mm": ("mm", "mm"),
    "none of six": ("none of the six", "均非六色"),
    "attributes.method": ("LIME over attributes", "属性 LIME"),
    # checks that failed
    "deletion_auc": (
        "{method} failed the deletion check ({value:.2f}; random {baseline:.2f}): taking away what it marks does not "
        "change the answer sooner than taking away anything else.",
        "{method} 未通过删除检验（{value:.2f}；随机 {baseline:.2f}）：移除其标记区域并不比随机移除更快改变结果。",
    ),
    "insertion_auc": (
        "{method} failed the insertion check ({value:.2f}; random {baseline:.2f}): what it marks does not bring the "
        "answer back sooner than anything else.",
        "{method} 未通过插入检验（{value:.2f}；随机 {baseline:.2f}）：恢复其标记区域并不比随机恢复更快得到结果。",
    ),
    "randomisation": (
        "{method} failed the randomisation check (rank correlation {value:.2f} with nets whose weights were shuffled): "
        "it shows the picture more than what the net has learned.",
        "{method} 未通过参数随机化检验（与权重打乱后的网络秩相关 {value:.2f}）：其反映的是图像而非网络所学。",
    ),
    "local_fit": (
        "{method} explains {value:.0%} of how the answer varies, less than {baseline:.0%}: its weights are rough.",
        "{method} 的线性模型仅解释 {value:.0%} 的变化（低于 {baseline:.0%}），权重仅供粗略参考。",
    ),
    "energy_inside": (
        "{method} lies outside the lesion that was given ({value:.0%} of the heat inside, {baseline:.0%} by chance).",
        "{method} 主要位于所给病灶之外（病灶内占 {value:.0%}，随机为 {baseline:.0%}）。",
    ),
    "pointing": (
        "{method} is hottest outside the lesion that was given.",
        "{method} 的最强点位于所给病灶之外。",
    ),
    # warnings
    "cold": (
        "{method} finds no place that speaks for {name}: the answer rests on what does not speak against it.",
        "{method} 未发现支持{name}的区域：该结果仅因缺乏反对证据。",
    ),
    "not_shuffled": (
        "The randomisation check was not made: it needs the package 'onnx' (pip install 'limner[train]').",
        "未进行参数随机化检验：需要软件包 onnx（pip install 'limner[train]'）。",
    ),
    "mask_measured": (
        "The lesion was outlined by a threshold, not by a person: its attributes are as good as that outline.",
        "病灶轮廓由阈值法得到，未经人工勾画：属性的可靠性取决于该轮廓。",
    ),
    "cut_off": (
        "The lesion reaches the edge of the picture: its attributes are those of the part that is seen.",
        "病灶触及图像边缘：属性仅针对可见部分。",
    ),
    "no_lesion": (
        "No lesion stands out from its surroundings, so no attribute was measured; give a mask of it.",
        "未能从背景中分出病灶，未测量属性；请提供病灶掩膜。",
    ),
    "only_classes": (
        "Attributes are asked of packs that classify; this one does not.",
        "仅对分类模型包测试属性；本模型包不作分类。",
    ),
    "no_gradient": (
        "Grad-CAM was left out: this net does not end in pooling and a linear layer, and gradients need torch "
        "(pip install 'limner[train]') and trainable weights.",
        "未生成 Grad-CAM：该网络不以池化加线性层结尾，梯度法需要 torch（pip install 'limner[train]'）及可训练权重。",
    ),
    "unsure_answer": (
        "The pack is not sure of this answer; its explanation is no surer.",
        "模型对该结果不确定，其解释亦同。",
    ),
}

METHOD_NAMES = {"grad-cam": "Grad-CAM", "lime": "LIME"}

ASYMMETRIC, IRREGULAR, BLURRED = 0.1, 1.5, 0.5
"""Above these the words say asymmetric, irregular, blurred; ours, for the wording only: the figure stands beside."""


class Speaker:
    """Says things in one language.

    Args:
        lang: ``en`` or ``zh``.

    Raises:
        InputError: for another language.

    >>> Speaker("en")("mask_measured")[:10]
    'The lesion'
    """

    def __init__(self, lang: str) -> None:
        if lang not in LANGUAGES:
            raise InputError(f"Explanations are written in {' or '.join(LANGUAGES)}; got lang={lang!r}.")
        self._column = LANGUAGES.index(lang)

    def __call__(self, key: str, **values: Any) -> str:
        """One entry, filled in."""
        return _WORDS[key][self._column].format(**values)

    def failed(self, kind: str, check: Check) -> str:
        """Why a check was not passed."""
        return self(check.name, method=self.method(kind), value=check.value, baseline=check.baseline)

    def method(self, kind: str) -> str:
        """A method's name."""
        return METHOD_NAMES.get(kind) or self("attributes.method")

    def join(self, parts: Sequence[str]) -> str:
        """``a, b and c``."""
        if len(parts) < 2:
            return "".join(parts)
        return self("comma").join(parts[:-1]) + self("and") + parts[-1]

    def attribute(self, one: AttributeEffect) -> str:
        """What was measured of an attribute."""
        value = one.value
        if one.name == "colour":
            names = [self(name) for name in one.detail["shares"]] or [self("none of six")]
            many = "colour.many" if len(one.detail["shares"]) != 1 else "colour.one"
            return self(many, n=int(value), names=self("comma").join(names))
        limits = {"asymmetry": ASYMMETRIC, "border": IRREGULAR, "margin": BLURRED}
        if one.name in limits:
            return self(f"{one.name}.{'yes' if value > limits[one.name] else 'no'}", v=value)
        return self(one.name, v=value, unit=self(one.unit) if one.unit else "")

    def place(self, heat: np.ndarray) -> str:
        """Where the hottest point lies, in thirds of the picture."""
        at = hottest(heat)
        if heat.ndim == 3:
            return self("around_voxel", place=", ".join(map(str, at)))
        third = [min(2, int(3 * i / n)) for i, n in zip(at, heat.shape, strict=True)]
        names = [("upper", "middle", "lower")[third[0]], ("left", "middle", "right")[third[1]]]
        if names == ["middle", "middle"]:
            where = self("centre")
        elif self._column == 0:
            said = [name for name in names if name != "middle"]
            where = f"its {' '.join(said)}{'' if len(said) == 2 else ' part'}"
        else:  # 左上, 右下: the side first
            where = "".join(self(name) for name in names[::-1] if name != "middle") + "部"
        return self("at", place=where)


def sentence(
    say: Speaker,
    opening: tuple[str, str, float],
    table: AttributeTable | None,
    maps: Sequence[HeatMap],
) -> str:
    """The explanation in a few sentences.

    Args:
        say: the language.
        opening: the key of its first words (a task, ``other``, ``unsure``), name, probability.
        table: of attributes, None where there is none.
        maps: of which the first that is warm somewhere is described.
    """
    key, name, p = opening
    text = say(key, name=name, p=p)
    text += _because(say, p, table) if table else ""
    parts = [text + say("stop")]
    warm = next((one for one in maps if (one.values > 0).any()), None)
    if warm is not None:
        share = 100 * half_area(warm.values)
        parts.append(say("half", method=say.method(warm.kind), share=max(share, 1.0), place=say.place(warm.values)))
    return say("gap").join(parts)


def _because(say: Speaker, p: float, table: AttributeTable) -> str:
    """The clause about attributes: those that were taken out together, and what that did."""
    removed = [one for one in table.effects if one.name in table.removed]
    fall = (p - table.all_without) / max(p, 1e-6)
    if not removed or fall < 0.1:
        return say("hardly", what=say.join([say.attribute(one) for one in table.effects]))
    them = say("them" if len(removed) > 1 else "it")
    what = say.join([say.attribute(one) for one in removed])
    return say("mainly" if fall >= 0.5 else "partly", what=what, them=them, p=p, q=table.all_without)


def half_area(heat: np.ndarray) -> float:
    """The smallest share of the picture that holds half of the positive heat."""
    warm = np.sort(np.maximum(heat, 0).ravel().astype(np.float64))[::-1]
    total = float(warm.sum())
    if total <= 0:
        return 1.0
    return (int(np.searchsorted(np.cumsum(warm), total / 2)) + 1) / warm.size
