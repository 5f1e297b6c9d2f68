"""Docs cannot lie: commands in them exist, every command and pack has its page, the generated page is current."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from limner.cli import app

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "README.zh.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", *(
    str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))
)]  # fmt: skip


def _commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, child in getattr(command, "commands", {}).items():
        yield (*words, name), child
        yield from _commands(child, (*words, name))


COMMANDS = dict(_commands(typer.main.get_command(app)))


def _written(page: str) -> list[str]:
    """Every ``limner ...`` line of code blocks and of code in the text."""
    text = (ROOT / page).read_text()
    blocks = re.findall(r"```console\n(.*?)```", text, re.S)
    lines = [line.removeprefix("$ ").split("#")[0].strip() for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`(limner [^`]+)`", text)
    return [line for line in lines if line.startswith("limner ") and not line.startswith("limner [")]


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_the_docs_exist_with_their_options(page: str) -> None:
    for line in _written(page):
        words = shlex.split(line)[1:]
        if words[:1] == ["--help"] or words == ["--version"]:
            continue
        name = max((one for one in COMMANDS if tuple(words[: len(one)]) == one), key=len, default=None)
        assert name, f"{page}: no such command: {line}"
        known = {option for parameter in COMMANDS[name].params for option in parameter.opts} | {"--help"}
        used = {word for word in words if word.startswith("-")}
        assert "OPTIONS" in line or used <= known, f"{page}: no such option: {line}"


@pytest.mark.parametrize("page", ["README.md", "README.zh.md", "CONTRIBUTING.md"])
def test_make_targets_in_the_docs_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for line in re.findall(r"^make ([a-z]+)", (ROOT / page).read_text(), re.M):
        assert line in targets, line


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text()):
        assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_the_page_of_commands_is_current_and_whole(tmp_path: Path) -> None:
    made = tmp_path / "commands.md"
    command = [sys.executable, "-m", "typer", "limner.cli", "utils", "docs", "--name", "limner", "--output", str(made)]
    subprocess.run(command, check=True, capture_output=True)
    page = (ROOT / "docs" / "commands.md").read_text()
    assert page == made.read_text(), "docs/commands.md is old: run `make docs`"
    for words in COMMANDS:
        assert f"`limner {' '.join(words)}`" in page


def test_every_command_has_an_example_and_can_show_its_trace() -> None:
    for words, command in COMMANDS.items():
        if hasattr(command, "commands"):
            continue
        assert f"limner {' '.join(words)}" in (command.epilog or ""), words
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--debug", "--json"} <= options, words


def test_every_pack_and_recipe_has_its_page() -> None:
    for pack in (ROOT / "src" / "limner" / "packs").glob("*/pack.json"):
        assert (ROOT / "docs" / "packs" / f"{pack.parent.name}.md").is_file(), pack
        assert (pack.parent / "CARD.md").is_file(), pack
    pages = "".join((ROOT / page).read_text() for page in PAGES)
    for recipe in (ROOT / "recipes").glob("*.yaml"):
        assert f"recipes/{recipe.name}" in pages, f"{recipe.name} is on no page"


def test_the_readme_is_short_and_both_languages_say_not_for_clinical_use() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 150
    assert "Not for clinical use" in (ROOT / "README.md").read_text()
    assert "不用于临床" in (ROOT / "README.zh.md").read_text()


def test_every_claim_has_its_row() -> None:
    rows = re.findall(r"^\| (\d+) \|", (ROOT / "docs" / "claims.md").read_text(), re.M)
    assert [int(row) for row in rows] == list(range(1, 18))
