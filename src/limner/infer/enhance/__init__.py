"""Images made from images: thinner slices, another modality. One door; the pack's task says what is done.

Nothing here learns. What comes out is marked as made by a net where it is written: :mod:`limner.infer.enhance.write`.
"""

from limner.infer.enhance.workflow import TASKS, Enhanced, How, Panel, enhance
from limner.infer.enhance.write import write_enhanced

__all__ = ["TASKS", "Enhanced", "How", "Panel", "enhance", "write_enhanced"]
