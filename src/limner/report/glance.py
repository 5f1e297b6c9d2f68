"""The few numbers that a reader wants before all others."""

from __future__ import annotations

from dataclasses import dataclass

from limner.findings import Finding, Measurement
from limner.report import catalogue, tables, terms
from limner.report.content import ReportContent, volume_ml


@dataclass(frozen=True)
class Tile:
    """One number: what it is, its value, and a line below."""

    label: str
    value: str
    below: str = ""


def glance(content: ReportContent, lang: str) -> tuple[Tile, ...]:
    """Volume of the liver (else of the largest organ), lesions, the largest of them, and the least distance of any."""
    say = catalogue.words(lang)
    tiles = []
    organs = content.of_kind("organ")
    organ = next((one for one in organs if one.name == "liver"), organs[0] if organs else None)
    if organ and (volume := organ.measure("volume")):
        name = terms.structure(organ.name, lang)
        value = f"{tables.number(volume.value, 'ml')} ml"
        tiles.append(Tile(say["glance_volume"].format(name=name), value, tables.interval(volume)))
    lesions = content.of_kind("lesion")
    if not lesions:
        if content.drawing.abstained:
            return (*tiles, Tile(say["glance_lesions"], say["abstained"], say["glance_none"]))
        return (*tiles, Tile(say["glance_lesions"], say["glance_none"]))
    total = tables.number(sum(volume_ml(one) for one in lesions), "ml")
    below = say["glance_lesions_sub"].format(total=total)
    if unsure := sum(one.abstained for one in lesions):
        below += say["comma"] + say["glance_unsure"].format(n=unsure)
    tiles.append(Tile(say["glance_lesions"], str(len(lesions)), below))
    longest = [(one, m) for one in lesions if (m := one.measure("longest diameter"))]
    if longest:
        lesion, diameter = max(longest, key=lambda pair: pair[1].value)
        value = f"{tables.number(diameter.value, 'mm')} mm"
        tiles.append(Tile(say["glance_largest"], value, tables.title(lesion, lang)))
    nearest = _nearest(lesions)
    if nearest:
        tiles.append(_nearest_tile(*nearest, lang))
    return tuple(tiles)


def _nearest(lesions: tuple[Finding, ...]) -> tuple[Finding, Measurement] | None:
    """The lesion nearest to a vessel, or to whatever was measured where no vessel was."""
    pairs = [(one, m) for one in lesions for m in one.measurements if m.name.startswith("distance to ")]
    to_vessels = [pair for pair in pairs if any(word in pair[1].name for word in ("vessel", "vein", "aorta", "cava"))]
    return min(to_vessels or pairs, key=lambda pair: pair[1].value, default=None)


def _nearest_tile(lesion: Finding, distance: Measurement, lang: str) -> Tile:
    say = catalogue.words(lang)
    below = say["glance_nearest_sub"].format(
        lesion=tables.title(lesion, lang), place=tables.place_of(distance.name, lang)
    )
    return Tile(say["glance_nearest"], tables.quantity(distance, lang), below)
