"""Both catalogues of the workstation say the same things, and the pages say nothing that they lack."""

from __future__ import annotations

import re
from pathlib import Path

WEB = Path(__file__).parents[2] / "web" / "src"
_ENTRY = re.compile(r'^  "([^"]+)": "((?:[^"\\]|\\.)*)",$', re.M)
_HOLE = re.compile(r"\{\w+\}")
PREFIXED = {"state.": "<State prefix=…> in app/pages/jobs.tsx"}
"""Families whose keys are put together elsewhere than in one template."""


def _catalogue(name: str) -> dict[str, str]:
    entries = _ENTRY.findall((WEB / "model" / "words" / name).read_text(encoding="utf-8"))
    assert len(entries) == len(dict(entries)), "a key stands twice"
    return dict(entries)


def _source() -> str:
    files = (one for one in sorted(WEB.rglob("*.ts*")) if one.name not in ("en.ts", "zh.ts", "schema.d.ts"))
    return "\n".join(one.read_text(encoding="utf-8") for one in files)


def _shape(family: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, re.split(r"\$\{[^}]*\}", family))))


def test_both_catalogues_hold_the_same_keys_with_the_same_values():
    english, chinese = _catalogue("en.ts"), _catalogue("zh.ts")
    assert len(english) > 900 and english.keys() == chinese.keys()
    differ = [key for key in english if set(_HOLE.findall(english[key])) != set(_HOLE.findall(chinese[key]))]
    assert differ == []


def test_every_key_is_used_and_every_used_key_is_there():
    keys, source = _catalogue("en.ts").keys(), _source()
    named = set(re.findall(r'"([a-z_]+\.[\w.-]+)"', source))
    families = [_shape(one) for one in set(re.findall(r"\b(?:say|sayOr|count)\(\s*`([^`]+)`", source))]
    families += [_shape(one) for one in set(re.findall(r"`([a-z_]+\.[\w.-]*\$\{[^`]*)`", source))]
    unused = [
        key
        for key in keys
        if key not in named
        and key.removesuffix("_one") not in named
        and not key.startswith(tuple(PREFIXED))
        and not any(one.fullmatch(key) for one in families)
    ]
    assert unused == []
    assert [one for one in re.findall(r'\b(?:say|count)\(\s*"([^"]+)"', source) if one not in keys] == []


def test_no_family_of_keys_is_empty():
    keys = _catalogue("en.ts").keys()
    families = set(re.findall(r"\b(?:say|sayOr)\(\s*`([^`]+)`", _source()))
    assert families and [one for one in families if not any(_shape(one).fullmatch(key) for key in keys)] == []


def test_chinese_is_set_with_chinese_marks():
    chinese = _catalogue("zh.ts")
    latin = re.compile(r"[\u4e00-\u9fff][:;?!()]|[:;?!()][\u4e00-\u9fff]")
    assert [key for key, text in chinese.items() if latin.search(text)] == []
    mixed = {"轴位", "冠状位", "矢状位", "图稿", "残肝", "不得用于临床"}
    assert [key for key, text in chinese.items() if any(one in text for one in mixed)] == []
