"""Says how much disk an environment takes, and fails where the core is too large or brings CUDA.

python .ci/venv_size.py .venv
"""

import importlib.metadata
import sys
from pathlib import Path

CEILING_GB = 1.6
CUDA = ("nvidia", "cuda", "cupy", "triton", "tensorrt")


def main(venv: Path) -> int:
    """0 where the promise is kept, 1 where it is not."""
    size_gb = sum(one.lstat().st_size for one in venv.rglob("*") if one.is_file() and not one.is_symlink()) / 1e9
    names = sorted({one.metadata["Name"].lower() for one in importlib.metadata.distributions()})
    cuda = [name for name in names if name.startswith(CUDA)]
    extras = [name for name in names if name in ("torch", "pytest")]
    print(
        f"The environment takes {size_gb:.2f} GB on disk ({len(names)} packages). "
        f"CUDA packages: {', '.join(cuda) or 'none'}."
    )
    if cuda:
        print("No CUDA package may come with the core.", file=sys.stderr)
    if extras:
        print(f"It holds more than the core ({', '.join(extras)}), so the ceiling of {CEILING_GB} GB is not its.")
    elif size_gb > CEILING_GB:
        print(f"The core may take {CEILING_GB} GB.", file=sys.stderr)
    return int(bool(cuda) or (not extras and size_gb > CEILING_GB))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
