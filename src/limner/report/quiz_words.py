"""What the quiz page says, in English and Chinese."""

from __future__ import annotations

from limner.errors import InputError
from limner.report.content import LANGUAGES

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Real or made?", "真实还是生成？"),
    "banner": (
        "For study only. Half of these images were made by a neural network and show no patient.",
        "仅供学习研究。其中一半图像由神经网络生成，不对应任何患者。",
    ),
    "lead_one": (
        "You see one image at a time. Say whether a scanner or camera took it, or a net made it.",
        "每次显示一幅图像。请判断它是由设备拍摄的，还是由神经网络生成的。",
    ),
    "lead_pair": (
        "You see two images at a time: one real, one made. Say which is the made one.",
        "每次显示两幅图像：一幅真实，一幅生成。请指出哪一幅是生成的。",
    ),
    "keyboard": ("Keys: Enter starts, 1 and 2 answer.", "键盘：Enter 开始，1 和 2 作答。"),
    "start": ("Start", "开始"),
    "again": ("Start anew", "重新开始"),
    "again_ask": ("Start anew? The answers so far are deleted.", "重新开始？已有的作答将被删除。"),
    "one": ("real", "真实"),
    "two": ("made", "生成"),
    "left": ("left", "左"),
    "right": ("right", "右"),
    "which": ("Which one is made?", "哪一幅是生成的？"),
    "what": ("Real or made?", "真实还是生成？"),
    "progress": ("{at} of {n}", "第 {at} 题，共 {n} 题"),
    "alt": ("Image {n}", "图像 {n}"),
    "done": ("The result", "结果"),
    "hits": (
        "{hits} of {n} right: {rate} % ({low} to {high} %)",
        "{n} 题答对 {hits} 题：{rate} %（{low} 至 {high} %）",
    ),
    "interval": (
        "In brackets: 95 % interval (Clopper-Pearson). Chance is 50 %.",
        "括号内为 95 % 置信区间（Clopper-Pearson）。随机猜测为 50 %。",
    ),
    "p": (
        "Chance alone would be at least as far from 50 % with p = {p}.",
        "仅凭随机猜测偏离 50 % 至此程度的概率 p = {p}。",
    ),
    "p_small": ("less than 0.001", "小于 0.001"),
    "told": (
        "You tell made images from real ones better than chance.",
        "您区分生成与真实图像的能力高于随机水平。",
    ),
    "fooled": (
        "You take made images for real ones more often than chance would.",
        "您将生成图像误认为真实图像的次数高于随机水平。",
    ),
    "unsure": (
        "These answers do not differ from chance. That is no proof that the images cannot be told apart.",
        "这些作答与随机猜测没有显著差异；但这并不证明图像无法区分。",
    ),
    "split": (
        "Of the real images {real} were called real, of the made ones {made} were called made.",
        "真实图像中判为真实的有 {real}，生成图像中判为生成的有 {made}。",
    ),
    "save": ("Save the answers (JSON)", "保存作答（JSON）"),
    "kept": ("Answers are kept in this browser and are sent nowhere.", "作答仅保存在本浏览器中，不会发送到任何地方。"),
    "pack": ("Made by {pack}.", "由 {pack} 生成。"),
    "script": ("This page needs JavaScript.", "本页面需要 JavaScript。"),
}


def words(lang: str) -> dict[str, str]:
    """All words of one language by their keys.

    Raises:
        InputError: for a language that Limner does not speak.

    >>> words("zh")["start"]
    '开始'
    """
    if lang not in LANGUAGES:
        raise InputError(f"Quizzes are written in {' or '.join(LANGUAGES)}; got lang={lang!r}.")
    return {key: entry[LANGUAGES.index(lang)] for key, entry in _WORDS.items()}
