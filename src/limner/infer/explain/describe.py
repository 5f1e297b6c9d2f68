"""A lesion of a scan in words and figures, without a net: what was measured of its shape."""

from __future__ import annotations

from limner.image import Image
from limner.infer.explain.explanation import Explanation
from limner.infer.explain.scan import title
from limner.infer.explain.scan_attributes import measured, surroundings
from limner.infer.explain.source import ScanSource
from limner.infer.explain.words import Speaker, sentence
from limner.scene import Part


def describe(
    image: Image, part: Part, probability: float, *, pack: str, task: str, abstained: bool = False, lang: str = "en"
) -> Explanation:
    """An explanation that only measures: seconds where asking a net takes minutes.

    Args:
        image: the scan.
        part: the lesion.
        probability: as the drawing states it.
        pack: name and version.
        task: ``detect`` or ``segment``.
        abstained: the drawing says "not sure" of it.
        lang: ``en`` or ``zh``.

    Raises:
        InputError: the lesion has too few voxels for a shape.
    """
    say = Speaker(lang)
    table = measured(image, part, probability)
    source = ScanSource(image, part, surroundings(image, part)[1])
    return Explanation(
        pack=pack,
        task=task,
        name=title(part),
        probability=probability,
        abstained=abstained,
        engine="",
        lang=lang,
        seed=0,
        source=source,
        maps=(),
        attributes=table,
        sentence=sentence(say, ("unsure_of" if abstained else task, title(part), probability), table, (), source),
        warnings=(say("unsure_answer"),) if abstained else (),
    )
