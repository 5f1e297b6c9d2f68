"""``report.html``: one file that needs no network, with the key images and the scene inside.

Everything that comes from a study is text here: Jinja escapes it, JSON is written without ``<``, and the page's policy
lets no script run but the viewer's own, known by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2

from limner.errors import LimnerError
from limner.findings import Finding
from limner.report import catalogue, figures, provenance, reason_page, tables, terms
from limner.report.content import ReportContent
from limner.report.glance import glance
from limner.report.methods import methods
from limner.report.wording import caption, problems_told, unsure_note, window_note

_HERE = Path(__file__).parent
_KINDS = ("lesion", "box", "vessel", "organ", "tissue", "class")
"""In the order in which a reader looks for them."""
HTML_LANG = {"en": "en", "zh": "zh-Hans"}


def write_html(path: Path, content: ReportContent, lang: str = "en") -> None:
    """Writes the report as one HTML file.

    Args:
        path: the file to write.
        content: what to tell.
        lang: ``"en"`` or ``"zh"``.

    Raises:
        InputError: for another language.
        LimnerError: the web viewer was not built into the package.
    """
    say = catalogue.words(lang)
    script, style = _viewer()
    images = figures.key_images(content)
    template = environment().get_template("report.html.j2")
    lesions = content.of_kind("lesion", "box")
    others = [one for kind in _KINDS[2:] for one in content.of_kind(kind)]
    page = template.render(
        say=say,
        lang=HTML_LANG[lang],
        policy=_policy(script),
        page_style=(_HERE / "templates" / "report.css").read_text(encoding="utf-8"),
        viewer_style=style,
        viewer_script=script,
        title=catalogue.study_title(content.drawing.study.modality, lang),
        facts=provenance.study_facts(content, lang),
        problems=problems_told(content.drawing, lang),
        geometry=provenance.geometry(content, lang),
        tiles=glance(content, lang),
        lesions=tables.measures_table(content, lesions, lang),
        clearances=tables.clearance_table(content, lesions, lang),
        others=tables.measures_table(content, others, lang),
        unsure=unsure_note(content, lang),
        intervals=any(one.low is not None for f in content.drawing.findings for one in f.measurements),
        whys=reason_page.whys(content, lang),
        why_notes=reason_page.notes(content, lang),
        overview=[picture(content, one, lang) for one in images.overview],
        close_ups=[picture(content, one, lang) for one in images.close_ups],
        window=window_note(content, lang),
        scene_png=_data_url(content.scene_png) if content.scene_png else None,
        scene_size=figures.png_size(content.scene_png) if content.scene_png else None,
        scene=_json(scene_data(content, lang)),
        glb=base64.b64encode(content.glb).decode("ascii"),
        methods=methods(content, lang),
        citations=content.citations,
        run_facts=provenance.run_facts(content, lang),
        steps=provenance.steps(content, lang),
        files=[(quote(file), what) for file, what in provenance.files(content, lang)],
    )
    path.write_text(page, encoding="utf-8")


def scene_data(content: ReportContent, lang: str) -> dict[str, Any]:
    """What the viewer reads beside the GLB: ``web/src/model/structure.ts`` has its shape."""
    say = catalogue.words(lang)
    ordered = [one for kind in _KINDS for one in content.of_kind(kind)]
    return {
        "structures": [_structure(content, one, lang) for one in ordered],
        "words": {key.removeprefix("viewer."): text for key, text in say.items() if key.startswith("viewer.")},
    }


def picture(content: ReportContent, image: figures.KeyImage, lang: str) -> dict[str, Any]:
    """A key image as the template shows it."""
    legend = [(terms.structure(one.name, lang), one.color) for one in image.labels]
    return {
        "src": _data_url(image.png),
        "width": image.size[0],
        "height": image.size[1],
        "caption": caption(image, lang),
        "legend": legend,
    }


def _structure(content: ReportContent, finding: Finding, lang: str) -> dict[str, Any]:
    label, modality = content.label_of(finding), content.drawing.study.modality
    return {
        "id": finding.id,
        "title": tables.judged_title(finding, lang),
        "kind": finding.kind,
        "color": list(tables.color_of(content, finding)),
        "opacity": label.opacity if label else 1.0,
        "visible": True,
        "facts": [{"name": name, "value": value} for name, value in tables.facts(finding, lang, modality)],
    }


@cache
def environment() -> jinja2.Environment:
    """Where the templates of all pages lie, and how they are read."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _viewer() -> tuple[str, str]:
    """Script and style sheet of the viewer."""
    folder = _HERE / "viewer"
    try:
        script, style = ((folder / name).read_text(encoding="utf-8") for name in ("viewer.js", "viewer.css"))
    except FileNotFoundError as error:
        raise LimnerError(
            f"The web viewer was expected at {folder} and is not there: this copy of Limner was not installed. "
            f"Run `pip install -e .` in it, which builds the viewer."
        ) from error
    # A script element ends at the first "</script", wherever it stands; in a string "<\/" means the same.
    return script.strip().replace("</script", r"<\/script").replace("<!--", r"<\!--"), style


def _policy(script: str) -> str:
    """The Content-Security-Policy: nothing is fetched, and only the viewer's script runs."""
    known = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{known}'; style-src 'unsafe-inline'; img-src data: blob:; "
        f"base-uri 'none'; form-action 'none'"
    )


def _json(value: object) -> str:
    """JSON that can stand in a script element: no character of it can open or close a tag."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _data_url(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
