"""What only a report on a picture says, in English and Chinese; :mod:`limner.report.catalogue` has the rest."""

from __future__ import annotations

PICTURE_WORDS: dict[str, tuple[str, str]] = {
    "picture.title": ("Drawing of {what}", "{what}的影像绘图"),
    "picture.what.XC": ("a photograph", "照片"),
    "picture.what.DMS": ("a dermoscopic picture", "皮肤镜图像"),
    "picture.what.US": ("an ultrasound picture", "超声图像"),
    "picture.what.DX": ("a radiograph", "X 线图像"),
    "picture.what.CR": ("a radiograph", "X 线图像"),
    "picture.what.MR": ("an MR picture", "磁共振图像"),
    "picture.what.CT": ("a CT picture", "CT 图像"),
    "picture.what.other": ("a picture", "图像"),
    "picture.size": ("Picture", "图像"),
    "picture.size_value": ("{x} × {y} pixels, {colour}", "{x} × {y} 像素，{colour}"),
    "picture.grey": ("grey", "灰度"),
    "picture.colour": ("colour", "彩色"),
    "picture.pixel_mm": ("; {mm} mm a pixel", "；每像素 {mm} mm"),
    # the answer
    "picture.answer": ("The answer", "结论"),
    "picture.not_sure": ("Not sure", "无法判定"),
    "picture.not_sure_why": (
        "The likeliest is {name}, with a probability of {p}; this pack answers only from {least} on. "
        "Let a person look at it.",
        "可能性最大的是{name}（概率 {p}），但该模型包仅在概率不低于 {least} 时作答。请由人判读。",
    ),
    "picture.sure": ("Probability {p}", "概率 {p}"),
    "picture.class_p": ("{name}: probability {p}.", "{name}：概率 {p}。"),
    "picture.doubtful": (
        "The pack is not sure whether these are there: {names}. It answers only from a probability of {least} on, yes "
        "or no. Let a person look at it.",
        "无法确定是否存在：{names}。该模型包仅在（存在或不存在的）概率不低于 {least} 时作答。请由人判读。",
    ),
    "picture.none_of": (
        "None of these has a probability of 0.5 or more: {names}. That is no proof that nothing is there.",
        "以下各项的概率均低于 0.5：{names}；这并不证明其不存在。",
    ),
    "picture.group": ("{name} (its classes together)", "{name}（各类合计）"),
    "picture.found": ("{name}: {n} found", "{name}：发现 {n} 处"),
    "picture.found_most": ("Probability of the surest: {p}.", "最确定者概率：{p}。"),
    "picture.disagree": (
        "Taken as a whole, the picture is rated {name} (probability {p}), which does not agree with the marks. "
        "Let a person look at it.",
        "就整幅图像而言，判为{name}（概率 {p}），与标记不一致。请由人判读。",
    ),
    "picture.found_area": ("The largest covers {area}.", "最大者面积为 {area}。"),
    "picture.abstained_all": (
        "The model is not sure of its answer to this picture: it is below the threshold of its pack. Let a person look "
        "at it.",
        "模型对该图像的结果无法判定：低于模型包的阈值。请由人判读。",
    ),
    "picture.nothing": ("Nothing found", "未发现目标"),
    "picture.nothing_why": (
        "The pack looks for {names}, and marked nothing here. That is no proof that nothing is there.",
        "该模型包用于寻找{names}，此处未作任何标记；这并不证明其不存在。",
    ),
    # the picture
    "picture.shown": ("The picture", "图像"),
    "picture.shown_alt": ("The picture, without marks", "原图，无标记"),
    "picture.layers": ("Show on the picture", "在图像上显示"),
    "picture.layers_none": ("The pack marks no place on this picture.", "该模型包未在图像上标记位置。"),
    "picture.layer.mask": ("Outlines", "轮廓"),
    "picture.layer.boxes": ("Boxes", "方框"),
    "picture.layer.uncertainty": ("Where the outline is unsure", "轮廓不确定处"),
    "picture.enlarged": ("Enlarged {times} times; each square is one pixel.", "放大 {times} 倍；每个方格为一个像素。"),
    "picture.reduced": (
        "Shown smaller than it is; picture.png has every pixel.",
        "此处缩小显示；picture.png 含全部像素。",
    ),
    # probabilities
    "picture.probabilities": ("Probabilities", "概率"),
    "picture.class": ("Class", "类别"),
    "picture.least_mark": (
        "The upright line stands at {least}: below it the answer is “not sure”.",
        "竖线位于 {least}：低于此值即为“无法判定”。",
    ),
    "picture.reliability": ("How far to trust these numbers", "这些数值的可信程度"),
    "picture.calibrated": (
        "On {cases}, the probabilities were {after} percentage points away from what came true, on average "
        "(expected calibration error; {before} before calibration).",
        "在{cases}上，概率与实际发生率平均相差 {after} 个百分点（期望校准误差；校准前为 {before}）。",
    ),
    "picture.calibrated_unknown": (
        "The probabilities were calibrated on {cases}; the pack does not say how well.",
        "概率已在{cases}上校准；模型包未说明校准效果。",
    ),
    "picture.held_out": ("cases that were not learned from", "未参与训练的病例"),
    "picture.not_calibrated": (
        "These probabilities were never held against cases with a known answer: read them as an order, not as rates.",
        "这些概率未经已知结果的病例校验：只可视为排序，不可视为发生率。",
    ),
    "picture.kind_only": (
        "They hold for pictures like those that the pack learned from; on another camera, device or population they "
        "may not.",
        "以上仅适用于与训练数据相似的图像；换用其他相机、设备或人群时可能不成立。",
    ),
    "picture.none_other": (
        "The pack knows only these classes, and gives one of them to any picture, whatever it shows.",
        "该模型包仅认识以上类别，对任何图像都会给出其中之一，无论图像内容为何。",
    ),
    "picture.each_alone": (
        "The pack knows only these classes. Each is a question of its own: several may be there at once, or none, and "
        "the probabilities do not add up to 1.",
        "该模型包仅认识以上类别，各自独立判断：可同时存在多项，亦可均不存在，概率之和不为 1。",
    ),
    # explanations
    "picture.why": ("Why", "依据"),
    "picture.explanation.grad-cam": ("Grad-CAM: the places that spoke for it", "Grad-CAM：支持该结论的部位"),
    "picture.explanation.lime": ("LIME: parts whose loss changes the answer", "LIME：去除后改变结论的区域"),
    "picture.explanation.attributes": ("What a clinician would name", "临床征象"),
    "picture.planes": (
        "Axial, coronal and sagittal plane through it; the green line is the outline that was drawn.",
        "经过该处的横断面、冠状面与矢状面；绿线为所绘轮廓。",
    ),
    "picture.planes_warm_cool": (
        "Axial, coronal and sagittal plane through it, below under the heat: orange speaks for the finding, blue "
        "against it. The green line is the outline that was drawn.",
        "经过该处的横断面、冠状面与矢状面，下排叠加热图：橙色支持该发现，蓝色反对。绿线为所绘轮廓。",
    ),
    "picture.warm_cool": ("Orange speaks for the answer, blue against it.", "橙色支持结论，蓝色反对结论。"),
    "picture.checks": ("Checks of this explanation", "该解释的检验"),
    "picture.check_failed": (
        "This explanation did not pass its check ({checks}): don't rely on it.",
        "该解释未通过检验（{checks}），不可依赖。",
    ),
    "picture.unchecked": ("This explanation was not tested on this picture.", "该解释未在此图像上检验。"),
    "picture.check.deletion_auc": ("Deletion, area under the curve", "删除曲线下面积"),
    "picture.check.insertion_auc": ("Insertion, area under the curve", "插入曲线下面积"),
    "picture.check.randomisation": ("Likeness to maps of untrained nets", "与未训练网络热图的相似度"),
    "picture.check.local_fit": ("Fit of the local model, R²", "局部模型拟合度 R²"),
    "picture.check.pointing": ("Hottest point in the lesion", "最热点落在病灶内"),
    "picture.check.energy_inside": ("Share of the heat in the lesion", "热量位于病灶内的比例"),
    "picture.attribute": ("Measured", "测量结果"),
    "picture.without": ("Probability without it", "去除后的概率"),
    "picture.outlined": ("The outline that was measured.", "所测量的轮廓。"),
    "picture.edited": ("The picture without what speaks for the answer.", "去除支持征象后的图像。"),
    # findings
    "picture.marked": ("What was marked", "标记结果"),
    "picture.px_note": (
        "The file does not say what a pixel measures, so lengths are in pixels.",
        "文件未注明像素大小，长度以像素计。",
    ),
    "picture.unsure_row": ("not sure", "无法判定"),
    # pack
    "picture.pack": ("The pack", "模型包"),
    "picture.pack_says": ("What it is for", "用途"),
    "picture.pack_classes": ("It knows", "可识别"),
    "picture.pack_learned": ("It learned from", "训练数据"),
    "picture.pack_terms": ("Terms", "许可"),
    "picture.pack_figures": ("How well it did elsewhere", "已测得的性能"),
    "picture.pack_no_figures": (
        "The pack states no figure; limner evaluate measures one.",
        "模型包未注明性能；可用 limner evaluate 测量。",
    ),
    "picture.pack_input": ("The net sees", "网络输入"),
    "picture.pack_input_value": (
        "{size} pixels, sides in ratio, the rest black",
        "{size} 像素，保持长宽比，其余为黑",
    ),
    # methods
    "picture.methods.open": (
        "The pixels of the picture were read and turned upright; what a camera writes beside them (place, time, names) "
        "was left out. Writing in the picture itself stays.",
        "读取图像像素并按方向标记转正；相机附带的信息（地点、时间、姓名）均未保留，图像内的文字则保留。",
    ),
    "picture.methods.predict.classify": (
        "The model pack {pack} {version}, run by {engine}, gave each of {n} classes a probability.",
        "由模型包 {pack} {version}（推理引擎 {engine}）给出 {n} 个类别的概率。",
    ),
    "picture.methods.predict.segment": (
        "The model pack {pack} {version}, run by {engine}, gave each pixel one of {n} labels.",
        "由模型包 {pack} {version}（推理引擎 {engine}）为每个像素赋予 {n} 种标签之一。",
    ),
    "picture.methods.predict.detect": (
        "The model pack {pack} {version}, run by {engine}, marked boxes and gave each a probability.",
        "由模型包 {pack} {version}（推理引擎 {engine}）标出方框并给出各自概率。",
    ),
    "picture.methods.calibrated": (
        "Probabilities come from logits divided by a temperature of {temperature}.",
        "概率由除以温度 {temperature} 后的对数几率得出。",
    ),
    "picture.methods.explain": (
        "Explanations were computed from the same net and the same picture.",
        "解释由同一网络与同一图像计算得出。",
    ),
    "picture.methods.measure": (
        "Areas are counted pixels; diameters were measured on the outlines.",
        "面积为像素计数；径线在轮廓上测量。",
    ),
    "picture.methods.interval": (
        "Intervals of areas follow from the model's own probabilities.",
        "面积区间由模型自身的概率得出。",
    ),
    "picture.methods.verify": (
        "Every picture that was written was read back and compared pixel by pixel.",
        "所有写出的图像均被重新读取并逐像素比对。",
    ),
    "picture.verify": ("Self-test of the files", "文件自检"),
    "picture.verify_failed": ("A file that was written does not hold what was drawn.", "写出的文件与绘图内容不一致。"),
    # problems
    "picture.problem.not-calibrated": (
        "The pack's probabilities were never held against cases with a known answer.",
        "该模型包的概率未经已知结果的病例校验。",
    ),
    "picture.problem.small-picture": (
        "The picture has {size} pixels and was enlarged {times} times: it shows less than the net learned from.",
        "图像仅 {size} 像素，送入网络前放大 {times} 倍：细节少于训练图像。",
    ),
    "picture.problem.long-picture": (
        "{share} % of what the net saw is black, since the picture is long.",
        "图像过长，网络所见的 {share}% 为黑边。",
    ),
    "picture.problem.no-colour": (
        "The picture is grey, and the pack learned from colour.",
        "图像为灰度，而该模型包由彩色图像训练。",
    ),
    "picture.problem.explanation-failed": (
        "Not every explanation passed its checks: {names}.",
        "部分解释未通过检验：{names}。",
    ),
    "picture.problem.not-explained": ("The answer could not be explained. {why}", "该结论无法解释。{why}"),
    # files and steps
    "file.image": ("The picture, pixels only", "图像（仅像素）"),
    "file.labels.png": ("Label map, PNG: a value a label", "标签图（PNG，像素值即标签）"),
    "file.explanation": ("The explanations, as numbers", "解释数据"),
    "step.explain": ("explain", "解释"),
}
