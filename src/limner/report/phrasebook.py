"""Sentences that other rooms write in English, said in Chinese: one book for reports and the workstation.

An error, a problem or a warning is written once, in English, where it arises; ``drawing.json``, ``plan.json`` and the
database keep it so. The book (``chinese/*.json``) holds each as a pattern, ``{}`` where a value stands, beside its
Chinese, ``{1}`` for the first value. So a text of any age can be said, also one that an older release wrote, and a text
that is not in the book stays English rather than being lost. ``web/src/model/words/phrases.ts`` reads the same book by
the same rules. A test looks for texts of the source that the book lacks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

_HOLE = "{}"
_QUOTED = re.compile(r"(['\"])(.*)\1", re.DOTALL)
_NUMBERED = re.compile(r"(.*\D) (\d+)", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?]) +|\n+")
_LISTS = (("; ", "；"), (", ", "、"), (" and ", "和"), (" or ", "或"), ("/", "/"))
_WIDE = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_IDEOGRAPH, _NARROW = r"[\u4e00-\u9fff]", r"[A-Za-z0-9]"


@lru_cache(maxsize=1)
def book() -> dict[str, str]:
    """All patterns with their Chinese.

    >>> book()["liver tumor"]
    '肝肿瘤'
    """
    folder = resources.files("limner.report") / "chinese"
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".json")), key=lambda one: one.name)
    return {key: text for one in files for key, text in json.loads(one.read_text(encoding="utf-8")).items()}


def phrase(text: str, lang: str) -> str:
    """A text of another room for a reader.

    Args:
        text: in English, as it was written.
        lang: ``"en"`` or ``"zh"``.

    >>> phrase("Copied: 3 of 4.", "zh"), phrase("The series was not read within 60 seconds.", "zh")
    ('Copied: 3 of 4.', '序列未能在 60 秒内读完。')
    """
    return text if lang != "zh" else _chinese(text)


@lru_cache(maxsize=4096)
def _chinese(text: str) -> str:
    found = _known(text)
    return _tidy(found) if found is not None else text


def _known(text: str) -> str | None:
    """What the book says of a text; None where it has no word for it."""
    text = text.strip()
    if not text:
        return ""
    for way in (_exact, _quoted, _pattern, _list, _sentences):
        found = way(text)
        if found is not None:
            return found
    return None


def _exact(text: str) -> str | None:
    """A name or a whole sentence, also with a capital, also with a number behind it."""
    found = book().get(text) or book().get(text[:1].lower() + text[1:])
    numbered = None if found else _NUMBERED.fullmatch(text)
    if numbered and (named := _exact(numbered[1])):
        return f"{named} {numbered[2]}"
    return found


def _quoted(text: str) -> str | None:
    """A value as ``repr`` writes it; what is named so stays as it is where the book has no word for it."""
    found = _QUOTED.fullmatch(text)
    if not found or found[1] in found[2]:
        return None
    return f"“{_value(found[2])}”"


def _pattern(text: str) -> str | None:
    for pieces, shape, chinese in _patterns():
        if all(piece in text for piece in pieces) and (match := shape.fullmatch(text)):
            values = [_value(one) for one in match.groups()]
            return re.sub(r"\{(\d+)\}", lambda hole: values[int(hole[1]) - 1], chinese)  # noqa: B023
    return None


def _list(text: str) -> str | None:
    """Of words that the book knows and of names that nobody translates (``tumor-1``, ``a.dcm``)."""
    for between, joined in _LISTS:
        parts = text.split(between)
        told = [_known(one) for one in parts] if len(parts) > 1 else []
        named = all(one is not None or " " not in part.strip() for one, part in zip(told, parts, strict=False))
        if named and any(one is not None for one in told):
            return joined.join(part if one is None else one for one, part in zip(told, parts, strict=True))
    return None


def _sentences(text: str) -> str | None:
    """Sentence by sentence, the longest run that the book knows first; None where it knows none of them."""
    parts, told, at, known = _SENTENCE.split(text), list[str](), 0, False
    while at < len(parts):
        for end in range(len(parts), at, -1):
            whole = (at, end) == (0, len(parts))  # asked before
            found = None if whole else _exact(" ".join(parts[at:end])) or _pattern(" ".join(parts[at:end]))
            if found is not None:
                told.append(found)
                at, known = end, True
                break
        else:
            told.append(f" {parts[at]} ")
            at += 1
    return "".join(told) if known else None


def _value(text: str) -> str:
    found = _known(text)
    return text if found is None else found


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...]:
    """Entries with values, those that say most first."""

    def ways() -> Iterator[tuple[tuple[str, ...], re.Pattern[str], str]]:
        for key, chinese in sorted(book().items(), key=lambda one: -len(one[0].replace(_HOLE, ""))):
            if _HOLE in key:
                pieces = key.split(_HOLE)
                shape = re.compile("(.*?)".join(map(re.escape, pieces)), re.DOTALL)
                yield tuple(one for one in pieces if one), shape, chinese

    return tuple(ways())


def _tidy(text: str) -> str:
    """No stop twice, no space that only the English needed, and one between Chinese and Latin."""
    text = re.sub(r"。[。.]", "。", text)
    text = re.sub(rf"(?<={_WIDE}) +(?={_WIDE})", "", text)
    text = re.sub(rf"(?<={_IDEOGRAPH})(?={_NARROW})|(?<={_NARROW})(?={_IDEOGRAPH})", " ", text)
    return text.strip()
