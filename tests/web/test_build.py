"""The build hook knows when the front end is stale, and its source is typed."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path, hook) -> Path:
    """A root with a source and what was built from it."""
    source = tmp_path / "web" / "src"
    source.mkdir(parents=True)
    (source / "main.ts").write_text("let a = 1")
    (tmp_path / "web" / "package.json").write_text("{}")
    for name in hook.BUILT:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    hook.mark(tmp_path).write_text(hook.digest(tmp_path / "web") + "\n")
    return tmp_path


def test_a_current_front_end_needs_no_node(hook, checkout):
    assert not hook.stale(checkout)
    assert hook.WebBuildHook(str(checkout), {}, None, None, "", "wheel").dependencies() == []


@pytest.mark.parametrize("change", ["edit", "add", "rename", "say", "lose the viewer", "lose the workstation"])
def test_any_change_makes_it_stale(hook, checkout, change):
    main = checkout / "web" / "src" / "main.ts"
    if change == "edit":
        main.write_text("let a = 2")
    elif change == "add":
        (main.parent / "more.ts").write_text("")
    elif change == "say":
        (checkout / hook.BOOK).mkdir(parents=True)
        (checkout / hook.BOOK / "names.json").write_text("{}")
    elif change == "rename":
        main.rename(main.parent / "other.ts")
    else:
        (checkout / (hook.VIEWER / "viewer.css" if "viewer" in change else hook.WORKSTATION / "index.html")).unlink()
    assert hook.stale(checkout)
    assert hook.WebBuildHook(str(checkout), {}, None, None, "", "wheel").dependencies() == [hook.NODE]


def test_what_npm_installs_does_not_make_it_stale(hook, checkout):
    modules = checkout / "web" / "node_modules" / "three"
    modules.mkdir(parents=True)
    (modules / "index.js").write_text("x")
    assert not hook.stale(checkout)


def test_a_copy_without_source_needs_none(hook, checkout):
    (checkout / "web").rename(checkout / "elsewhere")
    assert not hook.stale(checkout)
    (checkout / hook.VIEWER / "viewer.js").unlink()
    with pytest.raises(RuntimeError, match="full copy"):
        hook.build(checkout)


def test_the_lock_file_names_no_host():
    assert "resolved" not in (ROOT / "web" / "package-lock.json").read_text()


@pytest.mark.slow
def test_the_source_is_typed(hook, npm_packages):
    environment, node, _ = hook.find_node()
    done = subprocess.run(
        [node, npm_packages / "typescript" / "bin" / "tsc", "--noEmit"],
        cwd=ROOT / "web",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_types_of_the_servers_answers_are_current(hook, tmp_path):
    """`make api` writes them; here it writes beside a copy of what is committed."""
    environment, node, _ = hook.find_node()
    web = tmp_path / "web"
    (web / "src" / "api").mkdir(parents=True)
    shutil.copy(ROOT / "web" / "api.mjs", web)
    document = subprocess.run([sys.executable, ROOT / "web" / "openapi.py"], check=True, capture_output=True)
    (web / "openapi.json").write_bytes(document.stdout)
    subprocess.run([node, "api.mjs"], cwd=web, env=environment, check=True, capture_output=True)
    committed = (ROOT / "web" / "src" / "api" / "schema.d.ts").read_text()
    assert (web / "src" / "api" / "schema.d.ts").read_text() == committed, "The server's models changed: make api"
