"""The commands: parse, call one public function, print. Nothing is computed here.

Each command imports what it needs when it runs, so that ``limner --help`` stays quick.
"""

from limner.cli.app import app, main

__all__ = ["app", "main"]
