"""What things cost, gain and find here: drawing, augmentation, recipes, what is made and its marks, segments, a plan.

Measures from outside; nothing else imports it.
"""

from limner.bench.augment import AugmentBench, AugmentResult, bench_augment
from limner.bench.click import ClickBench, ClickResult, bench_click
from limner.bench.draw import BenchResult, DrawBench, StepCost, bench_draw
from limner.bench.gain import GainBench, GainResult, bench_gain
from limner.bench.generate import GenerateBench, GenerateResult, bench_generate
from limner.bench.marks import MarksBench, MarksResult, bench_marks
from limner.bench.plan import PlanResult, bench_plan
from limner.bench.quiz import QuizBench, bench_quiz
from limner.bench.segments import SegmentsBench, SegmentsResult, bench_segments
from limner.bench.synthetic import SyntheticBench, SyntheticResult, bench_synthetic
from limner.bench.translate import Compared, TranslateBench, bench_translate
from limner.bench.workstation import WorkstationBench, WorkstationResult, bench_workstation

__all__ = [
    "AugmentBench",
    "AugmentResult",
    "BenchResult",
    "ClickBench",
    "ClickResult",
    "Compared",
    "DrawBench",
    "GainBench",
    "GainResult",
    "GenerateBench",
    "GenerateResult",
    "MarksBench",
    "MarksResult",
    "PlanResult",
    "QuizBench",
    "SegmentsBench",
    "SegmentsResult",
    "StepCost",
    "SyntheticBench",
    "SyntheticResult",
    "TranslateBench",
    "WorkstationBench",
    "WorkstationResult",
    "bench_augment",
    "bench_click",
    "bench_draw",
    "bench_gain",
    "bench_generate",
    "bench_marks",
    "bench_plan",
    "bench_quiz",
    "bench_segments",
    "bench_synthetic",
    "bench_translate",
    "bench_workstation",
]
