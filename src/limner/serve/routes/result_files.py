"""Files of results: named by their folder, with the type that they have, and unable to do harm."""

from __future__ import annotations

from pathlib import Path

from fastapi import HTTPException
from fastapi.responses import FileResponse

TYPES = {
    ".json": "application/json",
    ".nii.gz": "application/gzip",
    ".nii": "application/octet-stream",
    ".dcm": "application/dicom",
    ".glb": "model/gltf-binary",
    ".stl": "model/stl",
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".csv": "text/csv; charset=utf-8",
    ".yaml": "application/yaml",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
}
SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""For our pages, which hold their script: they run in an origin of their own, which has no cookie, no storage and no
access to the page that shows them, and they fetch nothing (CSP 3, 6.4.1.1 and 6.1). Each page also names the hash of
its one script in a policy of its own, and both must allow what runs."""
PAPER = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
"""For PDF: a browser's own viewer does not work in a sandbox, and runs no script of the file."""
NOTHING = "default-src 'none'; sandbox"
SHOWN = (".html", ".pdf", ".png", ".jpg", ".gif", ".webp", ".json", ".txt", ".md")
"""What a browser may show; all else is saved."""


def answer_file(folder: Path, path: str) -> FileResponse:
    """One file of a folder.

    Raises:
        HTTPException: 404, no such file in this folder.
    """
    home = folder.resolve()
    try:
        file = (home / path).resolve()
        there = file.is_file() and file.is_relative_to(home)
    except (OSError, ValueError):  # a name that no disk takes
        there = False
    if not there:
        raise HTTPException(404, "There is no such file; GET /api/results/{id} lists them.")
    ending = ending_of(file.name)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    if ending == ".html":
        headers |= {"Content-Security-Policy": SANDBOX, "X-Frame-Options": "SAMEORIGIN"}
    elif ending == ".pdf":
        headers |= {"Content-Security-Policy": PAPER, "X-Frame-Options": "SAMEORIGIN"}
    else:
        headers |= {"Content-Security-Policy": NOTHING}
    shown = ending in SHOWN
    return FileResponse(
        file,
        media_type=TYPES.get(ending, "application/octet-stream"),
        filename=file.name,
        content_disposition_type="inline" if shown else "attachment",
        headers=headers,
    )


def ending_of(name: str) -> str:
    """The ending, ``.nii.gz`` as one."""
    return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix.lower()


def files_in(folder: Path) -> list[str]:
    """Names of all files below, relative to the folder."""
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())
