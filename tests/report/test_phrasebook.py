"""Every sentence that a reader of the workstation or of a report can meet is in the book, and nothing else is."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest

from limner.plan.settings import PlanSettings
from limner.report import typeset
from limner.report.phrasebook import book, phrase
from tests.report.said import SOURCE, sentences

READ = (
    *("serve/problems.py", "serve/desk", "serve/jobs", "serve/routes", "serve/store", "serve/safety", "serve/nodes.py"),
    "serve/measures.py",
    *("serve/pages.py", "serve/audit/verify.py", "plan/case.py", "plan/liver.py", "plan/workflow.py"),
    *("scene/needles/found.py", "scene/needles/planner.py", "scene/anatomy.py", "scene/skin.py", "scene/lattice.py"),
    *("scene/resection/words.py", "scene/resection/propose.py", "scene/vessels/couinaud.py", "scene/vessels/apart.py"),
    *("forecast/run.py", "forecast/sights.py", "forecast/anatomy.py", "forecast/genes.py", "forecast/volumes.py"),
    *("forecast/treatment.py", "draw/workflow.py", "draw/corrected.py", "draw/picture.py", "draw/source.py"),
    *("draw/explained.py", "draw/answer.py", "io/stack.py", "io/dicom.py", "io/nifti.py", "io/channels.py"),
    *("io/choose.py", "io/header.py", "io/picture.py", "io/picture_dicom.py", "io/sound_nifti.py", "io/dicom_query.py"),
    *(
        "io/sources.py",
        "io/reference.py",
        "infer/click",
        "infer/sight.py",
        "infer/slices.py",
        "infer/predict.py",
    ),
)
"""What says things that a browser or a report shows."""

UNREAD = {
    # the login page has its own words for these (login.oidc_*), and the log keeps the text
    *("serve/safety/oidc.py", "serve/safety/begun.py", "serve/routes/oidc.py"),
    # said by the command line before a server listens
    *("serve/safety/bind.py",),
}
OPERATORS = {
    "A picture is drawn alone; --channel names the series of a scan, for packs that read several together. Leave it "
    "out.",
    "No pack for pictures is shipped with this version; give the folder of one, such as runs/mine/pack.",
    "Pack {} reads small volumes of {} voxels, which are no picture and no scan, and are not drawn. `limner predict` "
    "and `limner explain` run it on NIfTI, a folder of DICOM slices or .npy.",
}
"""Only the command line gives the options that lead to these."""

SAID = [
    (
        "The margin is 3.2 mm (1.1 to 5.0): the 1 mm are kept at the value only, not within its doubt.",
        "切缘 3.2 mm（1.1 至 5.0）：仅按估计值满足 1 mm，在不确定范围内不能保证。",
    ),
    ("2 files are not DICOM, left out: a.txt, b.txt.", "2 个文件不是 DICOM，未采用：a.txt, b.txt。"),
    (
        "The scan ends inside tumor-1 and liver: volumes, percentages and coverage are of what is seen, and what lies "
        "beyond is kept clear of by nothing.",
        "扫描止于 tumor-1 和肝内：体积、百分比和覆盖率仅指可见部分，其外的结构未能避开。",
    ),
    ("There is no such study, or it is not shown to you.", "没有这个检查，或未对您开放。"),
    ("Liver tumor 2", "肝肿瘤 2"),
    (
        "Nothing of what 'MAIN' gave could be kept: This is not DICOM.",
        "“MAIN” 发来的内容均无法保存：不是 DICOM。",
    ),
    ("The server is ending. Nobody translated this.", "服务器正在关闭。 Nobody translated this."),
    ("Nobody translated this.", "Nobody translated this."),
    ("", ""),
]


def _files() -> list[str]:
    paths = [path for one in READ for path in ([SOURCE / one] if one.endswith(".py") else (SOURCE / one).rglob("*.py"))]
    return sorted({str(path.relative_to(SOURCE)) for path in paths} - UNREAD)


@pytest.mark.parametrize("file", _files())
def test_what_a_reader_may_meet_can_be_said_in_chinese(file):
    said = [text for text in sentences(file) if text not in OPERATORS]
    english = [text for text in said if not re.search("[\u4e00-\u9fff]", phrase(text.replace("{}", "7"), "zh"))]
    assert english == [], "the book (src/limner/report/chinese/) lacks these"


@pytest.mark.parametrize(("text", "chinese"), SAID)
def test_a_sentence_is_said_with_its_values(text, chinese):
    assert phrase(text, "zh") == chinese
    assert phrase(text, "en") == text


def test_an_entry_has_one_place_and_uses_each_value():
    folder = resources.files("limner.report") / "chinese"
    keys = [key for one in folder.iterdir() for key in json.loads(one.read_text(encoding="utf-8"))]
    assert len(keys) == len(set(keys)) == len(book())
    for key, chinese in book().items():
        holes = {int(one) for one in re.findall(r"\{(\d+)\}", chinese)}
        assert holes <= set(range(1, key.count("{}") + 1)), key
        assert "{}" not in chinese and chinese.strip(), key


def test_no_pattern_takes_every_text():
    loose = [key for key in book() if "{}" in key and len(re.findall(r"[A-Za-z]", key)) < 3]
    assert loose == ["{} [{}]", "{}; {}: × {}"]


def test_settings_of_a_plan_have_chinese_names_and_reasons():
    schema = json.dumps(PlanSettings.model_json_schema())
    about = set(map(json.loads, re.findall(r'"description": ("(?:[^"\\]|\\.)*")', schema)))
    fields = {text for text in about if "\n" not in text and not text.startswith(("How ", "What a", "Rules "))}
    assert fields and {text for text in fields if phrase(text, "zh") == text} == set()


def test_every_letter_of_the_book_can_be_printed():
    letters = {letter for text in book().values() for letter in text}
    assert {letter for letter in letters if typeset.font_of(letter) == typeset.RARE} == set()
