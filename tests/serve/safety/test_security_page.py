"""docs/security.md names tests, and each of them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "security.md").read_text())


def test_each_row_names_tests_that_exist():
    assert len(NAMED) > 60
    missing = []
    for file, name in NAMED:
        path = ROOT / file
        functions = {one.name for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.FunctionDef)}
        missing += [f"{file}::{name}"] * (name not in functions)
    assert not missing


def test_each_row_has_a_test():
    rows = [line for line in (ROOT / "docs" / "security.md").read_text().splitlines() if line.startswith("| ")]
    rows = [line for line in rows if not line.startswith("| threat |")]
    assert len(rows) > 35
    assert not [line for line in rows if "::" not in line]
