"""``limner bench serve``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from limner.cli.options import Debug, Json


def serve(
    readers: Annotated[int, typer.Option(help="Readers at once, each with a login of their own.")] = 20,
    seconds: Annotated[float, typer.Option(help="How long they read.")] = 30.0,
    draw: Annotated[bool, typer.Option(help="Draw the study meanwhile.")] = True,
    seed: Annotated[int, typer.Option(help="Of what they do when.")] = 1,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Measure what readers wait for while a study is drawn, on a server of its own on this machine.

    Each looks at the work list, opens the built-in study, and scrolls through it at eight slices a second. Readers
    and server share the processors.
    """
    from limner.serve.bench import bench_serve

    found = bench_serve(readers=readers, seconds=seconds, draw=draw, seed=seed)
    if as_json:
        print(json.dumps(asdict(found)))
    else:
        print(f"{found.readers} readers for {found.seconds:g} s on {found.cores} processors, {found.requests} requests")
        print(f"{'':<12}{'n':>8}{'p50 ms':>10}{'p95 ms':>10}{'max ms':>10}")
        for kind, row in found.waits.items():
            print(f"{kind:<12}{row['n']:>8}{row['p50_ms']:>10}{row['p95_ms']:>10}{row['max_ms']:>10}")
        if found.job:
            before, after = found.job["before"], found.job["after"]
            then = f"{after['state']} at {after['fraction']:.0%}"
            print(f"drawing: {before['state']} at {before['fraction']:.0%}, then {then}")
        print(f"errors: {len(found.errors)} {'; '.join(sorted(set(found.errors))[:5])}".rstrip())
    if found.errors:
        raise SystemExit(1)
