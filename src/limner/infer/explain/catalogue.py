"""Every word that an explanation says, in English and Chinese: one entry, both languages."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
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
    "half_of_finding": (
        "{share:.0%} of the evidence by {method} lies in it; the strongest place is {mm:.0f} mm from its middle.",
        "{method} 证据的 {share:.0%} 位于其内；最强点距其中心 {mm:.0f} mm。",
    ),
    "measured": (". Measured: {what}", "。测得：{what}"),
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
    "margin.none": ("a margin too faint to be measured", "边界过于模糊，无法测量"),
    "margin.no": ("its margin ({v:.0%} of the radius wide)", "边界（宽度为半径的 {v:.0%}）"),
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
    "own_outline": (
        "The attributes were measured on the outline that the pack drew: they are as good as that outline.",
        "属性在模型所绘轮廓上测得：其可靠性取决于该轮廓。",
    ),
    "only_lesions": (
        "Attributes are measured of lesions; {name} is none.",
        "仅测量病灶的属性；{name}并非病灶。",
    ),
    "too_small": (
        "The lesion has too few voxels for a shape: no attribute was measured.",
        "病灶体素过少，无法测量形态属性。",
    ),
    "elsewhere": (
        "Asked about this part of the scan alone the net gives a probability of {p:.2f}, and {stated:.2f} in the "
        "drawing: the explanation is of the former.",
        "仅就该部分影像，网络给出的概率为 {p:.2f}，而绘图中为 {stated:.2f}：此处解释的是前者。",
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
