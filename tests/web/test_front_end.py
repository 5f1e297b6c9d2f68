"""What holds of the front end's source and of what was built from it, without a browser."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "web" / "src"
BUILT = ROOT / "src" / "limner" / "serve" / "web"
FIRST_LOAD_KB = 600
WORD = re.compile(r'^  "([\w.-]+)":\s*(".*"),$', re.MULTILINE)
LAYERS = ("app", "panels", "tools", "render", "model", "api")
"""Top to bottom: a file imports from its own layer and from lower ones."""


def words(lang: str) -> dict[str, str]:
    text = (SOURCE / "model" / "words" / f"{lang}.ts").read_text()
    found = dict(WORD.findall(re.sub(r":\n\s+", ": ", text)))
    assert len(found) > 300
    return found


def test_both_languages_say_the_same_things():
    en, zh = words("en"), words("zh")
    assert list(en) == list(zh)
    gaps = {key: (set(re.findall(r"\{(\w+)\}", en[key])), set(re.findall(r"\{(\w+)\}", zh[key]))) for key in en}
    assert {key: both for key, both in gaps.items() if both[0] != both[1]} == {}
    assert [key for key in en if en[key] == '""' or zh[key] == '""'] == []


def test_every_word_is_used():
    """A key that nothing says is a leftover. Keys that are put together from parts are named by their beginning."""
    source = "".join(path.read_text() for path in SOURCE.rglob("*.ts*") if path.parent.name != "words")
    begun = tuple(re.findall(r"[`\"]([\w.]+[._])(?:\$\{|\")", source))
    unused = [key for key in words("en") if f'"{key}"' not in source and not key.startswith(begun)]
    assert [key for key in unused if not (key.endswith("_one") and f'"{key.removesuffix("_one")}"' in source)] == []


def imports() -> list[tuple[str, str, str]]:
    """Each import as file, its layer, and the layer that it imports from. Types vanish when it is built."""
    found = []
    for path in sorted(SOURCE.rglob("*.ts*")):
        layer = path.relative_to(SOURCE).parts[0]
        text = re.sub(r"import type [^;]+;", "", path.read_text())
        for name in re.findall(r'(?:from|import)\s*\(?"(\.[^"]+)"', text):
            target = (path.parent / name).resolve().relative_to(SOURCE).parts[0]
            found.append((str(path.relative_to(SOURCE)), layer, target))
    return found


def test_a_layer_imports_only_from_lower_ones():
    assert len(imports()) > 200
    order = {name: n for n, name in enumerate(LAYERS)} | {"viewer": 0}
    wrong = [(file, target) for file, layer, target in imports() if order[target] < order[layer]]
    assert wrong == []
    assert [file for file, layer, target in imports() if target == "viewer" and layer != "viewer"] == []


def test_nothing_in_the_source_is_markup_from_text_or_code_from_text():
    source = {path.name: path.read_text() for path in SOURCE.rglob("*.ts*")}
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function\("
    )
    assert [name for name, text in source.items() if re.search(forbidden, text)] == []


def chunks(start: str) -> list[Path]:
    """A built script with all that it imports before it runs."""
    found, todo = [], [BUILT / start]
    while todo:
        file = todo.pop()
        if file in found:
            continue
        found.append(file)
        if file.suffix == ".js":
            names = re.findall(r'(?:from|^import|[;}]import)\s*["`](\./[\w.-]+\.js)["`]', file.read_text())
            todo += [file.parent / name for name in names]
    return found


@pytest.fixture(scope="module")
def page() -> str:
    assert (BUILT / "index.html").is_file(), "The front end is not built: `cd web && npm ci && npm run build`."
    return (BUILT / "index.html").read_text()


def test_the_first_load_is_light(page):
    named = re.findall(r'(?:src|href)="/([^"]+)"', page)
    files = {file for name in named for file in chunks(name)} | {BUILT / "index.html"}
    assert len([file for file in files if file.suffix == ".js"]) > 2
    weight = sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) / 1000
    print(f"\nfirst load: {weight:.0f} kB gzip in {len(files)} files (at most {FIRST_LOAD_KB})")
    assert weight <= FIRST_LOAD_KB / 6  # the shell is a tenth of what it may be: it shall stay so


def test_the_page_holds_no_script_and_no_style(page):
    assert [text for text in re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) if text.strip()] == []
    assert "<style" not in page and " style=" not in page and not re.search(r"\son\w+=", page)
    assert re.findall(r'(?:src|href)="(?!/)[^"]+"', page) == []


def test_what_is_inside_states_its_licence():
    told = (BUILT / "LICENSES.txt").read_text()
    for package in ("preact", "@preact/signals", "@niivue/niivue", "three"):
        assert re.search(rf"^{re.escape(package)} \d", told, re.MULTILINE), package
    assert "Permission is hereby granted" in told
