"""What the pages of a plan say, in English and Chinese."""

from __future__ import annotations

from limner.errors import InputError
from limner.report import terms
from limner.report.content import LANGUAGES
from limner.report.phrasebook import phrase

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Plan: ways to {target}", "规划：通往 {target} 的路径"),
    "target": ("Target", "靶目标"),
    "target_value": ("{name}, {volume} ml{where}", "{name}，{volume} ml{where}"),
    "segments": ("; in the liver's segment {some}", "；位于肝段 {some}"),
    "first": (
        "Proposed by a program from a drawing; no person has checked it. A path is a straight line to argue with, not "
        "an order.",
        "由程序根据影像绘图提出，未经人工核对。路径是供讨论的直线，不是医嘱。",
    ),
    "read_first": ("Read this first", "请先阅读"),
    "blind": ("Not seen", "未见结构"),
    "blind_long": (
        "{names}: the drawing does not hold them, so no path was kept clear of them. Look at the slices along each "
        "needle.",
        "{names}：绘图中没有这些结构，因此路径未能避开它们。请逐一查看沿针道的切面。",
    ),
    "problem.cut-off": ("Cut off by the scan", "被扫描截断"),
    "problem.target-not-sure": ("Target not sure", "靶目标存疑"),
    "problem.left-out": ("Not drawn", "未绘制"),
    "problem.unnamed-labels": ("Unnamed labels", "未命名标签"),
    "problem.synthetic-input": ("Synthetic input", "合成影像"),
    "problem.missing-slice": ("Missing slices", "缺层"),
    "problem.needles": ("Needles", "穿刺"),
    "problem.no-path": ("No path", "无路径"),
    "problem.safe-only-at-mean": ("Only at the best estimate", "仅按最佳估计"),
    "problem.ablation": ("Ablation", "消融"),
    "problem.vessels-told-apart": ("Vessels told apart", "血管区分"),
    "problem.no-vessel-tree": ("No vessel tree", "无血管树"),
    "problem.segments": ("Segments", "肝段"),
    "problem.no-segments": ("No segments", "无肝段"),
    "problem.resection": ("Resection", "切除"),
    "problem.no-resection": ("No resection", "无切除方案"),
    "problem.other-lesions": ("Other lesions", "其他病灶"),
    "problem.no-picture": ("No picture", "无图像"),
    "paths": ("Needle paths, the best first", "穿刺路径（最佳在前）"),
    "no_paths": ("No safe path was found.", "未找到安全路径。"),
    "relax": (
        "A first path would appear if {rule} were {needed} instead of {now}, all other rules kept.",
        "若将“{rule}”由 {now} 改为 {needed}，其余规则不变，则会出现首条路径。",
    ),
    "reason.outside the scan": ("outside the scan", "扫描范围之外"),
    "reason.leaves the body": ("leaves the body on its way", "途中穿出体表"),
    "reason.length": ("too long", "过长"),
    "reason.angle": ("too flat to the skin", "与皮肤夹角过大"),
    "reason.table": ("from the table side", "来自检查床一侧"),
    "id": ("Path", "路径"),
    "entry": ("Entry, LPS mm", "入点 LPS mm"),
    "length": ("Length", "长度"),
    "clearance": ("Clearance ({confidence} %)", "间隙（{confidence} %）"),
    "nearest": ("Nearest", "最近结构"),
    "angle": ("Angle to skin", "与皮肤夹角"),
    "score": ("Score", "评分"),
    "mean_only": ("safe only at the best estimate", "仅按最佳估计安全"),
    "map": (
        "The skin unrolled: where a needle may enter, and why not elsewhere",
        "展开的皮肤：可进针处及其余处的拒绝原因",
    ),
    "map_title": ("Skin, unrolled", "展开的皮肤"),
    "safe": ("safe entry", "安全入点"),
    "sides": ("back|right|front|left|back", "背|右|前|左|背"),
    "scene": ("The scene with the paths", "带路径的三维场景"),
    "views": ("Slices along each needle", "沿针道的重组切面"),
    "view": (
        "{id}: left, the plane nearest to axial; right, across it. {length} mm to the cross.",
        "{id}：左为最接近横断的切面，右为与之垂直的切面。至十字处 {length} mm。",
    ),
    "ablation": ("Ablation", "消融"),
    "ablation_line": (
        "{n} zone(s) cover {covered} % of the target with {margin} mm around it ({target} % of the target alone) and "
        "{healthy} ml beyond: {enough}. Zones: {zones}.",
        "{n} 个消融区覆盖靶目标及其周围 {margin} mm 的 {covered} %（靶目标本身 {target} %），"
        "其外另有 {healthy} ml：{enough}。"
        "消融区：{zones}。",
    ),
    "covered": ("enough by the rules", "符合规则"),
    "not_covered": ("not enough by the rules", "未达到规则"),
    "heat_sink": (
        "Heat sink: {names}. Large vessels cool what lies beside them.",
        "热沉效应：{names}。大血管会冷却其邻近组织。",
    ),
    "reached": ("A zone touches: {names}.", "消融区触及：{names}。"),
    "resection": ("Resection", "切除"),
    "kind": ("Kind", "方式"),
    "margin": ("Margin", "切缘"),
    "resected": ("Resected", "切除体积"),
    "flow": ("With flow", "保留血供"),
    "remnant": ("Future liver remnant", "未来肝残余"),
    "cut": ("Vessels cut, mm", "切断血管，mm"),
    "lost": ("Without inflow / outflow", "失去流入／流出"),
    "rules": ("Rules of this plan (plan.yaml)", "本规划的规则（plan.yaml）"),
    "methods": ("Methods", "方法"),
    "methods_text": (
        "Every skin point that faces air in the scan was joined with points inside the target. A straight path is "
        "refused where it breaks a rule; the rest are scored, and of the Pareto-best those that differ are offered. "
        "Each offered path was checked again by an independent walk over the voxels of the drawing. A clearance is an "
        "interval: it holds the uncertainty of the drawn borders and of the registration.",
        "将扫描中面向空气的每个皮肤点与靶目标内的点相连；违反规则的直线路径被拒绝，其余评分，并从帕累托最优者中给出互不相同的路径。"
        "每条给出的路径均在绘图体素上独立复核。间隙以区间表示，包含结构边界与配准的不确定性。",
    ),
}


def words(lang: str) -> dict[str, str]:
    """All words of a plan in one language.

    Raises:
        InputError: for another language.
    """
    if lang not in LANGUAGES:
        raise InputError(f"A plan is written in one of {', '.join(LANGUAGES)}; got {lang!r}.")
    return {key: pair[LANGUAGES.index(lang)] for key, pair in _WORDS.items()}


def reason(rule: str, structure: str | None, lang: str) -> str:
    """Why entries are refused: the structure that is in the way, or the rule.

    >>> reason("bone", "bones", "en"), reason("table", None, "en")
    ('bones', 'from the table side')
    """
    return terms.structure(structure, lang) if structure else words(lang).get(f"reason.{rule}", rule)


def rule_name(rule: str, lang: str) -> str:
    """A rule of needle paths for readers.

    >>> rule_name("bone_margin_mm", "en"), rule_name("bone_margin_mm", "zh")
    ('bone margin, mm', '与骨的安全间隙')
    """
    name = phrase(f"needle.{rule}", lang)
    if not name.startswith("needle."):
        return name
    words_of, _, unit = rule.rpartition("_")
    return f"{words_of.replace('_', ' ')}, {unit}" if unit in ("mm", "deg") else rule.replace("_", " ")
