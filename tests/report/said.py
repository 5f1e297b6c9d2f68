"""The sentences that the source says to people, found by reading it: patterns with ``{}`` where a value stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import limner

SOURCE = Path(limner.__file__).parent
_SILENT_CALLS = {
    "Field",
    "Query",
    "Header",
    "Path",
    "Body",
    "compile",
    "debug",
    "info",
    "warning",
    "exception",
    "literal",
}
_SILENT_KEYS = {"description", "summary", "responses", "pattern", "media_type", "filename"}
_SILENT_ERRORS = {"AssertionError", "AttributeError", "KeyError", "TypeError", "ValueError", "NotImplementedError"}
"""Of programmers: none of them is shown to a reader with its text."""


def sentences(file: str) -> list[str]:
    """Every text of a file that reads like a sentence: a capital or a value first, a stop last, words between.

    Args:
        file: relative to the package.
    """
    found = dict.fromkeys(_walk(ast.parse((SOURCE / file).read_text(encoding="utf-8"))))
    return [text for text in found if _is_sentence(text)]


def _is_sentence(text: str) -> bool:
    words = re.findall(r"[A-Za-z]{2,}", text.replace("{}", " "))
    return len(words) >= 3 and bool(re.match(r"[A-Z{]", text)) and text.rstrip().endswith((".", ".{}", "{}", "?"))


def _walk(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.Call) and _name(node.func) in _SILENT_CALLS | _SILENT_ERRORS:
        return
    if isinstance(node, ast.keyword) and node.arg in _SILENT_KEYS:
        return
    if isinstance(node, ast.FunctionDef):
        for one in (*node.body, *node.args.defaults, *node.args.kw_defaults):
            if one is not None:
                yield from _walk(one)
        return  # its decorators describe a route for programmers
    text = _text(node)
    if text is not None:
        yield text
    for child in ast.iter_child_nodes(node):
        if text is None or isinstance(child, ast.FormattedValue):
            yield from _walk(child)


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)  # type: ignore[misc]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = _text(node.left), _text(node.right)
        return None if parts == (None, None) else "".join("{}" if one is None else one for one in parts)
    return None


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
