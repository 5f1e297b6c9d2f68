"""Images made from images: thinner slices, another modality. One door; the pack's task says what is done.

Nothing here learns. What comes out is marked as made by a net where it is written: :mod:`limner.infer.enhance.write`.
"""

from limner.infer.enhance.made import Enhanced, How, Panel
from limner.infer.enhance.workflow import TASKS, enhance, made_of

__all__ = ["TASKS", "Enhanced", "How", "Panel", "enhance", "made_of"]
