"""Every word that a report says, in English and Chinese: one entry, both languages.

Names of structures and measurements are not words of a page: :mod:`limner.report.terms` has them.
"""

from __future__ import annotations

from limner.errors import InputError
from limner.report.content import LANGUAGES
from limner.report.picture_catalogue import PICTURE_WORDS

_WORDS: dict[str, tuple[str, str]] = {
    # page
    "title": ("Drawing of a {modality} study", "{modality} 检查的影像绘图"),
    "title_an": ("Drawing of an {modality} study", "{modality} 检查的影像绘图"),
    "title_short": ("Limner report", "Limner 报告"),
    "not_clinical": ("Not for clinical use", "不得用于临床"),
    "stop": (".", "。"),
    "not_clinical_long": (
        "Made by research software that is not cleared as a medical device; no decision on a patient may rest on it.",
        "本报告由研究软件生成，未获医疗器械许可，不得作为任何患者诊疗决定的依据。",
    ),
    "study": ("Study", "检查"),
    "date": ("Date", "日期"),
    "modality": ("Modality", "成像方式"),
    "study_uid": ("Study UID", "检查 UID"),
    "grid": ("Volume", "体数据"),
    "grid_value": (
        "{x} × {y} × {z} voxels of {sx} × {sy} × {sz} mm",
        "{x} × {y} × {z} 体素，每个 {sx} × {sy} × {sz} mm",
    ),
    "unknown": ("not stated", "未注明"),
    "channel.flair": ("FLAIR", "FLAIR 序列"),
    "channel.pre": ("T1 before contrast medium", "T1 平扫"),
    "channel.post": ("T1 after contrast medium", "T1 增强"),
    "pack": ("Model pack", "模型包"),
    "page_of": ("Page {page} of {pages}", "第 {page} 页，共 {pages} 页"),
    # problems
    "problems": ("Read this first", "请先阅读"),
    "error": ("Error", "错误"),
    "warning": ("Warning", "警告"),
    "geometry_failed": (
        "The geometry self-test did not pass: at least one file does not lie where the label map lies.",
        "几何自检未通过：至少有一个文件与标签图的位置不一致。",
    ),
    # findings
    "findings": ("Findings", "所见"),
    "glance": ("At a glance", "概览"),
    "glance_volume": ("Volume of {name}", "{name}体积"),
    "glance_lesions": ("Lesions", "病灶"),
    "glance_lesions_sub": ("{total} ml in all", "总体积 {total} ml"),
    "glance_none": ("none found", "未发现"),
    "glance_largest": ("Largest lesion", "最大病灶"),
    "glance_nearest": ("Least distance", "最小距离"),
    "glance_nearest_sub": ("{lesion} to {place}", "{lesion}距{place}"),
    "lesions": ("Lesions", "病灶"),
    "structures_table": ("Organs, vessels and tissues", "器官、血管与组织"),
    "name": ("Structure", "结构"),
    "clearances": ("Distance from each lesion to what surrounds it", "每个病灶与周围结构的距离"),
    "details": ("All measurements", "全部测量"),
    "measurement": ("Measurement", "测量项"),
    "value": ("Value", "数值"),
    "interval": ("Interval", "区间"),
    "probability": ("Probability", "概率"),
    "abstained": ("not sure", "无法判定"),
    "abstained_note": (
        "Not sure: the model's probability is below the threshold that its pack was calibrated to. Such a finding may "
        "be none; look for yourself.",
        "无法判定：模型概率低于模型包校准的阈值。该所见可能并不存在，请自行核对图像。",
    ),
    "abstained_all": (
        "The model is not sure of this drawing as a whole: the agreement with the truth that its probabilities let "
        "expect is below the threshold of its pack.",
        "模型对本次绘图整体无法判定：由其概率推算的与真实情况的一致程度低于模型包的阈值。",
    ),
    "glance_unsure": ("{n} of them not sure", "其中 {n} 个无法判定"),
    "more_lesions": ("{n} smaller lesions stand in report.html.", "另有 {n} 处较小病灶见 report.html。"),
    "none_found": ("Nothing was found in this study.", "本次检查未发现任何结构。"),
    "interval_note": (
        "In brackets: the interval that the model's own confidence allows.",
        "括号内为模型置信度所允许的区间。",
    ),
    "touching": ("touches", "相接触"),
    "why": ("Why, and what was measured of the shape", "依据与形态测量"),
    "why_more": (
        "Which places the net leans on is not shown here, since asking takes minutes: "
        "limner explain {pack} SCAN -o OUT --target {id}, or limner draw with --explain lime.",
        "网络所依据的部位未在此显示（需数分钟）：limner explain {pack} SCAN -o OUT --target {id}，"
        "或绘图时加 --explain lime。",
    ),
    "why_outline": (
        "The shape was measured on the outline that the pack drew: it is as good as that outline.",
        "形态在模型所绘轮廓上测量：其可靠性取决于该轮廓。",
    ),
    "why_some": ("Of the lesions, the shape of these {n} was measured.", "仅测量了以上 {n} 个病灶的形态。"),
    # images
    "key_images": ("Key images", "关键图像"),
    "axial": ("Axial", "横断面"),
    "coronal": ("Coronal", "冠状面"),
    "sagittal": ("Sagittal", "矢状面"),
    "at": ("{plane}, {axis} = {mm} mm", "{plane}，{axis} = {mm} mm"),
    "through": ("through {name}", "经过{name}"),
    "centre_of_image": ("the centre of the image", "图像中心"),
    "close_up": ("{name}, close-up", "{name}，局部放大"),
    "window_hu": ("Window {width}, level {level} HU.", "窗宽 {width}，窗位 {level} HU。"),
    "window_values": ("Window from {low} to {high}.", "显示范围 {low} 至 {high}。"),
    "convention": (
        "Radiological convention: the patient's right (R) is on the left of the picture. "
        "The short marks at the edges show where the other two planes lie.",
        "放射学惯例：患者右侧（R）位于图像左侧。边缘短线标出另外两个平面的位置。",
    ),
    "legend": ("In colour", "图例"),
    # scene
    "scene": ("The scene in 3D", "三维场景"),
    "scene_alt": ("Surfaces of all structures, seen from the front", "所有结构的表面，前面观"),
    "scene_missing": (
        "The 3D scene could not be shown (no WebGL 2, or scripts are off). The file scene.glb holds it.",
        "无法显示三维场景：浏览器不支持 WebGL 2，或脚本被禁用。场景保存在 scene.glb 文件中。",
    ),
    "scene_loading": ("The scene is being opened …", "正在打开场景……"),
    # methods
    "methods": ("Methods", "方法"),
    "references": ("References", "参考文献"),
    # provenance
    "provenance": ("Provenance", "来源与过程"),
    "pack_hash": ("SHA-256 of the pack", "模型包 SHA-256"),
    "engine": ("Engine", "推理引擎"),
    "software": ("Software", "软件"),
    "machine": ("Machine", "计算机"),
    "cores": ("{n} cores", "{n} 核"),
    "total": ("Total", "合计"),
    "step": ("Step", "步骤"),
    "seconds": ("Seconds", "秒"),
    "peak_mb": ("Peak memory, MB", "内存峰值（MB）"),
    "geometry": ("Geometry self-test", "几何自检"),
    "geometry_intro": (
        "Every file was read back and compared with the label map in world millimetres.",
        "每个文件均被重新读取，并以世界坐标（毫米）与标签图比对。",
    ),
    "check": ("File", "文件"),
    "comparisons": ("{n} of {total} comparisons within tolerance", "{total} 项比对中 {n} 项在容差内"),
    "deviation": ("; largest deviation {largest}", "；最大偏差 {largest}"),
    "more_failures": ("{n} more comparisons failed.", "另有 {n} 项比对未通过。"),
    "comma": (", ", "、"),
    "comparison_failed": ("{what}: {expected} was expected, {got} was read.", "{what}：应为 {expected}，实得 {got}。"),
    "result": ("Result", "结果"),
    "passed": ("passed", "通过"),
    "failed": ("failed", "未通过"),
    "files": ("Files beside this page", "同目录文件"),
    "file.labels": ("Label map, NIfTI", "标签图（NIfTI）"),
    "file.seg": ("DICOM segmentation", "DICOM 分割对象（SEG）"),
    "file.scene": ("3D scene, glTF", "三维场景（glTF）"),
    "file.report": ("This page", "本页"),
    "file.pdf": ("Report for paper", "打印版报告（PDF）"),
    "file.sr": ("DICOM structured report", "DICOM 结构化报告（SR）"),
    "file.run": ("Record of the run", "运行记录"),
    "file.picture": ("Picture of the scene", "场景图片"),
    # steps
    "step.open": ("open", "读取"),
    "step.predict": ("predict", "推理"),
    "step.measure": ("measure", "测量"),
    "step.surfaces": ("surfaces", "表面重建"),
    "step.export": ("export", "导出"),
    "step.verify": ("verify", "核验"),
    "step.report": ("report", "报告"),
    # viewer
    "viewer.structures": ("Structures", "结构"),
    "viewer.show": ("Show", "显示"),
    "viewer.show_all": ("All", "全部"),
    "viewer.hide_all": ("None", "清空"),
    "viewer.only": ("only", "仅此"),
    "viewer.isolate": ("Isolate", "单独显示"),
    "viewer.opacity": ("Opacity", "不透明度"),
    "viewer.view": ("View from", "视角"),
    "viewer.anterior": ("Front", "前"),
    "viewer.posterior": ("Back", "后"),
    "viewer.left": ("Left", "左"),
    "viewer.right": ("Right", "右"),
    "viewer.head": ("Head", "头侧"),
    "viewer.feet": ("Feet", "足侧"),
    "viewer.reset": ("Reset", "重置"),
    "viewer.cut": ("Cut", "剖切"),
    "viewer.no_cut": ("None", "无"),
    "viewer.axial": ("Axial", "横断面"),
    "viewer.coronal": ("Coronal", "冠状面"),
    "viewer.sagittal": ("Sagittal", "矢状面"),
    "viewer.cut_position": ("Position of the cut, mm", "剖切位置（mm）"),
    "viewer.flip": ("Other side", "另一侧"),
    "viewer.focus": ("Focus", "居中"),
    "viewer.close": ("Close", "关闭"),
    "viewer.canvas": ("3D scene of the findings", "所见结构的三维场景"),
    "viewer.help": (
        "Drag to turn, wheel or pinch to zoom (click into the scene first), right button or two fingers to move. "
        "Click names a structure, double click brings it to the middle. "
        "Keys: arrows turn, + − zoom, 1–6 views, c cut, [ ] move the cut, h hide, i isolate, r reset.",
        "拖动旋转；滚轮或双指缩放（先点击场景）；右键或双指平移。单击显示结构名称与测量值，双击将其居中。"
        "键盘：方向键旋转，+ − 缩放，1–6 切换视角，c 剖切，[ ] 移动剖面，h 隐藏，i 单独显示，r 重置。",
    ),
}


def words(lang: str) -> dict[str, str]:
    """All words of one language by their keys.

    Raises:
        InputError: for a language that Limner does not speak.

    >>> words("zh")["findings"]
    '所见'
    """
    if lang not in LANGUAGES:
        raise InputError(f"Reports are written in {' or '.join(LANGUAGES)}; got lang={lang!r}.")
    return {key: entry[LANGUAGES.index(lang)] for key, entry in {**_WORDS, **PICTURE_WORDS}.items()}


def study_title(modality: str, lang: str) -> str:
    """The heading of a report on a study.

    >>> study_title("MR", "en"), study_title("CT", "en")
    ('Drawing of an MR study', 'Drawing of a CT study')
    """
    spoken_with_a_vowel = modality.startswith(tuple("AEFHILMNORSX"))  # an em-ar
    return words(lang)["title_an" if spoken_with_a_vowel else "title"].format(modality=modality)
