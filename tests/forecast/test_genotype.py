"""Genes from files: many spellings, and each mistake with its answer."""

from __future__ import annotations

import json

import pytest

from limner.errors import InputError
from limner.forecast.genotype import facts, genotype_of, known_genes, read_genotype


def test_csv_and_json_say_the_same(tmp_path):
    (tmp_path / "g.csv").write_text(
        "gene,status\nIDH1,Mutant\n1p19q,co-deleted\nMGMT promoter,methylated\ngrade,II\nage,41\n"
    )
    (tmp_path / "g.json").write_text(
        json.dumps({"IDH": "mutated", "1p/19q": "codeleted", "MGMT": "methylated", "grade": 2, "age": 41})
    )
    one, two = read_genotype(tmp_path / "g.csv"), read_genotype(tmp_path / "g.json")
    assert one == two
    assert one.genes == {"IDH": "mutated", "1p/19q": "codeleted", "MGMT": "methylated"}
    assert (one.grade, one.age, one.warnings) == (2, 41.0, ())


def test_either_idh_gene_mutated_is_idh_mutated():
    assert genotype_of([("IDH1", "wt"), ("IDH2", "mut")]).genes == {"IDH": "mutated"}
    assert genotype_of([("IDH1", "wt"), ("IDH2", "wt")]).genes == {"IDH": "wild type"}
    assert "both mutated" in genotype_of([("IDH1", "mut"), ("IDH2", "mut")]).warnings[0]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("EGFRR", "mutated")], "Did you mean EGFR"),
        ([("1p18q", "codeleted")], "1p/19q"),
        ([("BRCA1", "mutated")], "not known here"),
        ([("IDH1", "mutated"), ("idh1", "wild type")], "given twice"),
        ([("TP53", "mut"), ("p53", "wt")], "given twice"),
        ([("IDH1", "perhaps")], "mutated or wild type"),
        ([("MGMT", "mutated")], "methylated or unmethylated"),
        ([("grade", "1")], "2, 3 or 4"),
        ([("age", "-4")], "0 to 120"),
    ],
)
def test_mistakes_are_refused_and_taught(rows, said):
    with pytest.raises(InputError, match=said):
        genotype_of(rows)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("g.json", "[1, 2]", "something else"),
        ("g.json", "{", "no JSON"),
        ("g.json", '{"IDH1": "mutated", "IDH1": "wild type"}', "given twice"),
        ("g.csv", "gene,status\nIDH1\n", "a row is"),
        ("g.csv", "gene,status\n", "names no gene"),
    ],
)
def test_files_that_hold_no_genes(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said):
        read_genotype(tmp_path / name)
    with pytest.raises(InputError, match="no file"):
        read_genotype(tmp_path / "absent.csv")


def test_contradictions_are_said_not_hidden():
    found = genotype_of([("IDH", "wild type"), ("1p/19q", "codeleted")])
    assert "WHO classification of 2021" in found.warnings[0]
    assert (
        genotype_of([("IDH", "mutated"), ("1p/19q", "codeleted")]).with_("IDH", "wild type").warnings == found.warnings
    )
    assert len(genotype_of([("IDH", "wt"), ("TERT", "mut"), ("grade", "2")]).warnings) == 1


def test_every_gene_and_treatment_has_its_source():
    for entry in facts()["genes"].values():
        for row in entry["statuses"].values():
            assert row["source"] and row["checked"] and row["effect"] and row["growth"] > 0 and row["diffusion"] > 0
    for row in facts()["treatments"].values():
        assert row["source"] and row["checked"] and all(one["source"] for one in row["genes"].values())
    assert {"IDH", "1p/19q", "MGMT", "TP53", "EGFR", "ATRX", "CDKN2A", "TERT"} <= set(known_genes())
