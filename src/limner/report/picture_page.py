"""``report.html`` of a picture: one file that needs no network and no script.

The overlays are switched by check boxes and style sheets alone, so the page's policy lets no script run at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image

from limner.image import anatomy
from limner.report import catalogue, overlays, picture_words, provenance, tables, terms
from limner.report.html import HTML_LANG, environment
from limner.report.overlays import Shown
from limner.report.picture_content import PictureContent
from limner.report.reason import Reason
from limner.report.reason_page import as_page, data_url
from limner.report.wording import problems_told

_HERE = Path(__file__).parent
STYLES = ("report.css", "picture.css")
REASON_PIXELS = 640
"""Longest side of a picture that stands beside an explanation."""


def write_picture_html(path: Path, content: PictureContent, lang: str = "en") -> None:
    """Writes the report on a picture as one HTML file.

    Args:
        path: the file to write.
        content: what to tell.
        lang: ``"en"`` or ``"zh"``.

    Raises:
        InputError: for another language.
    """
    say, shown = catalogue.words(lang), Shown.of(content.picture)
    every = picture_words.bars(content, lang)
    marked = content.marked
    page = environment().get_template("picture.html.j2").render(
        say=say,
        lang=HTML_LANG[lang],
        page_style="".join((_HERE / "templates" / name).read_text(encoding="utf-8") for name in STYLES),
        title=picture_words.title(content, lang),
        facts=picture_words.study_facts(content, lang),
        problems=problems_told(content.drawing, lang),
        checks=provenance.geometry(content, lang),
        verdict=picture_words.verdict(content, lang),
        groups=[bar for bar in every if bar.group],
        bars=every,
        least=content.least_mark,
        least_note=say["picture.least_mark"].format(least=picture_words.number(content.abstain_below)),
        sentence=content.sentence,
        picture=_data_url(overlays.shown_picture(content.picture, shown)),
        width=shown.size[1],
        height=shown.size[0],
        enlarged=shown.times > 1,
        layers=layers(content, shown, lang),
        legend=legend(content, lang),
        picture_notes=picture_notes(content, shown, lang),
        marked=tables.measures_table(content, marked, lang),
        probabilities={one.id: probability(content, one.id, lang) for one in marked},
        intervals=any(one.low is not None for f in marked for one in f.measurements),
        in_pixels=any(one.unit.startswith("px") for f in marked for one in f.measurements),
        reliability=picture_words.reliability(content, lang),
        reasons=[_reason(content, one, lang) for one in content.reasons],
        pack=f"{content.drawing.pack.name} {content.drawing.pack.version}",
        pack_facts=picture_words.pack_facts(content, lang),
        methods=picture_words.methods(content, lang),
        citations=content.citations,
        run_facts=provenance.run_facts(content, lang),
        steps=provenance.steps(content, lang),
        files=[(quote(file), what) for file, what in provenance.files(content, lang)],
    )  # fmt: skip
    path.write_text(page, encoding="utf-8")


def layers(content: PictureContent, shown: Shown, lang: str) -> list[dict[str, Any]]:
    """What can be laid over the picture; outlines and boxes lie there when the page opens."""
    say, made = catalogue.words(lang), []
    boxed = [one for one in content.marked if one.kind == "box"]
    if content.mask is not None and content.mask.any():
        made.append((say["picture.layer.mask"], overlays.outlines(content.mask, content.labels, shown), True))
    if boxed:
        made.append((say["picture.layer.boxes"], overlays.boxes(boxed, shown), True))
    if content.unsure is not None:
        made.append((say["picture.layer.uncertainty"], overlays.doubt(content.unsure, shown), False))
    for reason in content.reasons:
        if reason.heat is not None:
            made.append((picture_words.reason_title(reason, lang), overlays.heat(reason.heat, shown), False))
    return [
        {"id": f"layer-{n}", "name": name, "src": _data_url(image), "on": on}
        for n, (name, image, on) in enumerate(made, start=1)
    ]


def legend(content: PictureContent, lang: str) -> list[tuple[str, tuple[int, int, int]]]:
    """Names and colours of what is outlined."""
    present = set() if content.mask is None else {int(one) for one in set(content.mask.ravel().tolist())}
    return [(terms.structure(one.name, lang), one.color) for one in content.labels if one.value in present]


def picture_notes(content: PictureContent, shown: Shown, lang: str) -> list[str]:
    """How the picture is shown, where that is not pixel for pixel; and that nothing lies over it."""
    say, notes = catalogue.words(lang), []
    if shown.times > 1:
        notes.append(say["picture.enlarged"].format(times=f"{shown.times:.0f}"))
    if shown.times < 1:
        notes.append(say["picture.reduced"])
    if not layers_there(content):
        notes.append(say["picture.layers_none"])
    return notes


def layers_there(content: PictureContent) -> bool:
    """Whether anything lies over the picture."""
    return bool(content.marked) or any(one.heat is not None for one in content.reasons)


def probability(content: PictureContent, id: str, lang: str) -> str:
    """The probability of a finding as its row says it."""
    finding = next(one for one in content.drawing.findings if one.id == id)
    if finding.probability is None:
        return "–"
    unsure = f" ({catalogue.words(lang)['picture.unsure_row']})" if finding.abstained else ""
    return picture_words.number(finding.probability) + unsure


def reason_pictures(content: PictureContent, reason: Reason, lang: str) -> list[tuple[Image.Image, str]]:
    """The pictures of an explanation with their captions: heat over the picture, or what was measured and taken out."""
    say, shown = catalogue.words(lang), Shown.of(content.picture)
    bare, made = overlays.shown_picture(content.picture, shown), []
    if reason.heat is not None:
        made.append((overlays.over(bare, overlays.heat(reason.heat, shown)), say["picture.warm_cool"]))
    if reason.outline is not None:
        rim = overlays.outlines(reason.outline.astype(np.uint8), (anatomy.named("skin lesion", 1),), shown)
        made.append((overlays.over(bare, rim), say["picture.outlined"]))
    if reason.edited is not None:
        edited = Image.fromarray(reason.edited.squeeze()).convert("RGB")
        longest = max(edited.size)
        if longest < overlays.LEAST:
            times = -(-overlays.LEAST // longest)
            edited = edited.resize((edited.width * times, edited.height * times), Image.Resampling.NEAREST)
        made.append((edited, say["picture.edited"]))
    for image, _ in made:
        image.thumbnail((REASON_PIXELS, REASON_PIXELS))
    return made


def _reason(content: PictureContent, reason: Reason, lang: str) -> dict[str, Any]:
    return as_page(reason, [(overlays.png(one), text) for one, text in reason_pictures(content, reason, lang)], lang)


def _data_url(image: Image.Image) -> str:
    return data_url(overlays.png(image))
