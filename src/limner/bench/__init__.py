"""What things cost, and what they gain, on this machine: a drawing, augmentation, a section of a recipe, marks.

Measures from outside; nothing else imports it.
"""

from limner.bench.augment import AugmentBench, AugmentResult, bench_augment
from limner.bench.draw import BenchResult, DrawBench, StepCost, bench_draw
from limner.bench.gain import GainBench, GainResult, bench_gain
from limner.bench.marks import MarksBench, MarksResult, bench_marks

__all__ = [
    "AugmentBench",
    "AugmentResult",
    "BenchResult",
    "DrawBench",
    "GainBench",
    "GainResult",
    "MarksBench",
    "MarksResult",
    "StepCost",
    "bench_augment",
    "bench_draw",
    "bench_gain",
    "bench_marks",
]
