"""Pictures of nobody, a folder of them: each marked, with a sheet to look at and a cohort to train from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from limner.serve.jobs.context import JobContext, Made
from limner.serve.jobs.packs import find_pack

if TYPE_CHECKING:
    from limner.infer.generate import Generator

STEPS = {"generate": 90}
QUIZ = "quiz.html"
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Options(BaseModel):
    """What is made."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    pack: Annotated[str, Field(max_length=80)]
    count: Annotated[int, Field(ge=1, le=500)] | None = Field(None, description="Pictures; 8 if not given.")
    seed: Seed | None = Field(None, description="Of the first; the others follow. 0 if not given.")
    between: tuple[Seed, Seed] | None = Field(None, description="Two seeds; a way of pictures and a film lead over.")
    direction: Annotated[str, Field(max_length=80)] | None = Field(None, description="A named direction of the pack.")
    frames: Annotated[int, Field(ge=2, le=240)] | None = Field(None, description="Of a way.")
    kind: Annotated[str, Field(max_length=80)] | None = Field(None, alias="class")
    truncation: Annotated[float, Field(ge=0, le=1.5)] = 1.0
    values: dict[Annotated[str, Field(max_length=40)], Share] = Field(default_factory=dict, max_length=16)
    dicom: bool = Field(False, description="Also as DICOM: one series of Secondary Captures.")
    quiz_with: list[Annotated[str, Field(max_length=24)]] = Field(
        default_factory=list, max_length=40, description="Studies of real pictures: a page asks which are real."
    )
    lang: Literal["en", "zh"] = "en"

    @model_validator(mode="after")
    def _one_thing(self) -> Options:
        if self.between and (self.direction or self.count is not None or self.seed is not None):
            raise ValueError("A way between two seeds names both ends itself: leave count, seed and direction out.")
        if self.quiz_with and (self.between or self.direction):
            raise ValueError("A quiz asks about pictures of seeds: leave between and direction out.")
        return self


def run(job: JobContext) -> Made:
    """Makes them."""
    from limner.infer.generate import GenerateOptions, generate, open_generator

    asked = Options.model_validate(job.options)
    pack = find_pack(job.house, asked.pack)
    generator = open_generator(pack)
    if asked.quiz_with:
        return _quiz(job, asked, generator)
    options = GenerateOptions(**asked.model_dump(exclude={"pack", "quiz_with", "lang"}))
    made = generate(generator, job.out, options, progress=job.progress)
    count = len(made.told["images"])
    way = f"{asked.between[0]}–{asked.between[1]}" if asked.between else None
    summary = {"images": count, "seed": asked.seed or 0, "between": way, "class": asked.kind, "synthetic": True}
    return Made(job.out, "generated", title=f"{count} × {pack.name}", pack=pack.name, summary=summary)


def _quiz(job: JobContext, asked: Options, generator: Generator) -> Made:
    """A page that holds real pictures of the one who asks: it is theirs alone, as every result without a study."""
    import numpy as np

    from limner.bench.quiz import Asked, write_quiz_of
    from limner.data.fitted import fit_for
    from limner.io import read_picture

    sources = [sorted(job.study_files(study).iterdir())[0] for study in asked.quiz_with]
    real = [np.ascontiguousarray(fit_for(read_picture(path), generator.picture)[0]) for path in sources]
    job.out.mkdir()
    seed = int(np.random.default_rng().integers(2**31)) if asked.seed is None else asked.seed
    write_quiz_of(generator, real, job.out / QUIZ, Asked(asked.lang, seed=seed), progress=job.progress)
    summary = {"images": 2 * len(real), "seed": seed, "quiz": True}
    return Made(job.out, "generated", title=f"Quiz: {generator.pack.name}", pack=generator.pack.name, summary=summary)
