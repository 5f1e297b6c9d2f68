"""The built front end: its files, and the one page for every address that a reader may reload."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from limner.serve.problems import problem

PAGES = Path(__file__).parent / "web"
"""Built by ``hatch_build.py``. What is worth it lies packed beside itself, as ``NAME.gz``."""

router = APIRouter()


@router.get("/{path:path}", include_in_schema=False)
def page(path: str, request: Request) -> Response:
    """A file of the front end, else its page."""
    if path.partition("/")[0] in ("api", "dicom-web"):
        return problem(404, "There is no such address; GET /api/openapi.json lists them.")
    try:
        file = (PAGES / path).resolve()
        there = bool(path) and file.is_relative_to(PAGES.resolve()) and file.is_file()
    except (OSError, ValueError):  # a name that no disk takes
        there = False
    if there:
        return _send(file, request)
    if path.startswith("assets/"):
        # a page in place of a script would only confuse: the front end was renewed, and the reader is told to reload
        return problem(404, "This part of an earlier front end is gone; reload the page.")
    if not (PAGES / "index.html").is_file():
        return problem(404, "The front end is not built here: `pip install` builds it, or `npm run build` in web/.")
    return _send(PAGES / "index.html", request)


def _send(file: Path, request: Request) -> FileResponse:
    """The file, packed where there is a packed one and the client takes it (RFC 9110 12.5.3)."""
    packed = file.with_name(file.name + ".gz")
    if not packed.is_file():
        return FileResponse(file)
    headers = {"Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return FileResponse(file, headers=headers)
    kind = mimetypes.guess_type(file.name)[0]
    return FileResponse(packed, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})
