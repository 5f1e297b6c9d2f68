"""What genes change in the belief, what was learned, and treatment."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from limner.errors import InputError
from limner.forecast.genes import believe, lesion_facts
from limner.forecast.genotype import Genotype, genotype_of
from limner.forecast.learned import chance_of_glioblastoma, check_chance, fit_logistic, sizes_and_genes, table
from limner.forecast.space.contour import soft_volume_ml
from limner.forecast.space.medium import Medium
from limner.forecast.space.solver import Rates, grow
from limner.forecast.space.start import Contour, on_grid, state_now
from limner.forecast.treatment import treatment_of


def speed(*rows: tuple[str, str]) -> float:
    """Median growth of the diameter in mm a year."""
    return believe("glioma", 20.0, genotype_of(list(rows)) if rows else Genotype()).prior.speed_mm_per_day * 2 * 365.25


def test_grade_chooses_the_tumours_that_it_is_compared_with():
    assert speed(("grade", "2")) == pytest.approx(4.2)
    assert speed(("grade", "4")) == pytest.approx(45.0)
    assert speed(("grade", "2")) < speed() < speed(("grade", "4"))


def test_genes_move_the_chance_of_glioblastoma_and_so_the_speed():
    assert speed(("IDH", "mutated")) < 0.7 * speed() < speed(("IDH", "wild type"))
    belief = believe("glioma", 20.0, genotype_of([("IDH", "mutated")]))
    learned = belief.effects[0]
    assert learned.checked == "learned" and "CC BY 4.0" in learned.source and "n = 826" in learned.effect
    certain = believe("glioma", 20.0, genotype_of([("IDH", "wild type"), ("TERT", "mutated")]))
    assert "WHO" in certain.effects[0].source and certain.prior.speed_mm_per_day > belief.prior.speed_mm_per_day


def test_codeletion_slows_by_what_ricard_measured_and_p53_is_not_counted_twice():
    ratio = speed(("grade", "2"), ("1p/19q", "codeleted")) / speed(("grade", "2"), ("1p/19q", "intact"))
    assert ratio == pytest.approx(3.4 / 5.9, rel=0.02)
    ratio = speed(("grade", "2"), ("TP53", "wild type")) / speed(("grade", "2"), ("TP53", "mutated"))
    assert ratio == pytest.approx(4.2 / 6.3, rel=0.02)
    both = believe("glioma", 20.0, genotype_of([("grade", "2"), ("1p/19q", "intact"), ("TP53", "mutated")]))
    assert [one.growth for one in both.effects if one.name == "TP53"] == [1.0]


def test_mgmt_is_no_matter_of_untreated_growth_but_of_temozolomide():
    assert speed(("grade", "2"), ("MGMT", "methylated")) == pytest.approx(speed(("grade", "2")))
    plain, good, bad = (
        treatment_of("temozolomide", genotype_of(rows) if rows else Genotype())
        for rows in ([], [("MGMT", "methylated")], [("MGMT", "unmethylated")])
    )
    assert bad.times < plain.times < good.times
    assert plain.rate() == pytest.approx(0.92 / 365.25) and bad.rate(1.0) > bad.rate()
    assert any("Hegi" in one for one in good.sources)
    with pytest.raises(InputError, match="temozolomide, radiotherapy"):
        treatment_of("prayer", Genotype())


@pytest.mark.parametrize("radius", [18.0, 26.0])
def test_under_temozolomide_the_median_low_grade_tumour_loses_about_a_quarter_of_its_area_in_a_year(radius):
    prior = believe("glioma", radius, genotype_of([("grade", "2")])).prior
    unknowns = np.array([math.log(prior.speed_mm_per_day), math.log(prior.width_mm), 0.0, 0.0, -2.3])
    axis = (np.arange(40) - 19.5) * 2.0
    r = np.sqrt(axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2)
    medium = Medium(np.ones(r.shape, bool), (2.0, 2.0, 2.0))
    start = state_now(medium, Contour(0.16, r - radius), unknowns, 0.0, radius)
    own = on_grid(unknowns[0], unknowns[1], medium)[0]
    kill = treatment_of("temozolomide", Genotype()).rate()
    states = grow(medium, start, Rates(own.diffusion, own.growth, ((0.0, 365.0, kill),)), [0, 365])
    now, then = (soft_volume_ml(one.full(r.shape), 0.16, medium) for one in states)
    assert 0.65 < (then / now) ** (2 / 3) < 0.88


def test_doubling_times_become_speeds_and_other_lesions_have_no_genes():
    belief = believe("liver tumor", 15.0, Genotype())
    days = lesion_facts()["liver tumor"]["doubling_days"]
    assert 3 * belief.prior.speed_mm_per_day * days / 15.0 == pytest.approx(math.log(2))
    assert believe("wound", 15.0, Genotype()).kind == "lesion"
    with pytest.raises(InputError, match="Leave --genes out"):
        believe("liver tumor", 15.0, genotype_of([("IDH", "mutated")]))


def test_logistic_regression_finds_the_weights_that_made_the_data():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4000, 2))
    truth = rng.random(4000) < 1 / (1 + np.exp(-(0.5 + x @ np.array([1.0, -2.0]))))
    weights, covariance = fit_logistic(x, truth)
    assert np.abs(weights - [0.5, 1.0, -2.0]).max() < 3.5 * np.sqrt(np.diag(covariance)).max()


def test_what_is_not_known_is_not_filled_in():
    known = table()
    nothing = chance_of_glioblastoma({})
    assert nothing.value == pytest.approx(known.glioblastoma.mean(), abs=1e-6) and nothing.used == ()
    there = known.values[:, known.names.index("IDH")] == 1
    alone = chance_of_glioblastoma({"IDH": "mutated"})
    assert alone.value == pytest.approx(known.glioblastoma[there].mean(), abs=0.02)
    assert alone.low < alone.value < alone.high


def test_the_chance_holds_on_tumours_that_it_was_not_learned_from():
    found = check_chance()
    assert found["n"] == 826
    assert found["auc"]["low"] > 0.88 and found["auc"]["value"] > found["auc_idh_alone"]["high"]
    assert found["balanced_accuracy"]["low"] > found["majority"] > 0.5
    assert found["calibration_error"] < 0.05


def test_sizes_and_genes_on_the_shared_tables(limner_data):
    found = {one.gene: one for one in sizes_and_genes(limner_data)}
    assert {"IDH1", "TP53", "ATRX"} <= set(found)
    for one in found.values():
        assert one.low < one.ratio < one.high and one.p <= one.p_corrected <= 1
        assert one.mutated + one.others == 70
    assert not any(one.shown for one in found.values())  # nothing outlives the correction for five questions


def test_sizes_of_made_tables_are_told_apart(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "lgg_mri_genomic").mkdir()
    rng = np.random.default_rng(1)

    def write(path, rows):
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    states = [("MUTATED", "NOT_MUTATED")[k % 2] for k in range(60)]
    sizes = [rng.lognormal(8 + (state == "MUTATED") * 1.0, 0.5) for state in states]
    cases = [f"P-{k}" for k in range(60)]
    write(
        tmp_path / "tables" / "tcga_glioma_mutations.csv",
        [
            {"Case_ID": c, "IDH1": s, "TP53": ("MUTATED", "NOT_MUTATED")[(k // 2) % 2]}
            for k, (c, s) in enumerate(zip(cases, states, strict=True))
        ],
    )
    write(
        tmp_path / "lgg_mri_genomic" / "mask_stats.csv",
        [{"patient": c.replace("-", "_"), "tumour_pixels": v} for c, v in zip(cases, sizes, strict=True)],
    )
    write(
        tmp_path / "lgg_mri_genomic" / "cohort.csv",
        [{"patient": c.replace("-", "_"), "split": "test" if k >= 50 else "train"} for k, c in enumerate(cases)],
    )
    idh, tp53 = sizes_and_genes(tmp_path)
    assert idh.shown and idh.low < math.e < idh.high and idh.mutated == idh.others == 25
    assert not tp53.shown
    with pytest.raises(InputError, match="is not there"):
        sizes_and_genes(tmp_path / "nowhere")
