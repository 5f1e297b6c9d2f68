"""Genes, grade and age of one patient, from a file: read, checked, contradictions said."""

from __future__ import annotations

import csv
import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from limner.errors import InputError

_GRADES = {"2": 2, "3": 3, "4": 4, "II": 2, "III": 3, "IV": 4}
_WORDS = {
    "mutated": ("mutated", "mutant", "mut", "mutation", "positive", "overexpressed", "yes", "true", "1"),
    "wild type": (
        "wild type",
        "wildtype",
        "wt",
        "not mutated",
        "unmutated",
        "negative",
        "not amplified",
        "no",
        "false",
        "0",
    ),
    "codeleted": ("codeleted", "codeletion", "deleted", "loss", "lost", "yes", "true", "1"),
    "intact": (
        "intact",
        "not codeleted",
        "non codeleted",
        "noncodeleted",
        "not deleted",
        "retained",
        "no",
        "false",
        "0",
    ),
    "amplified": ("amplified", "amplification", "gain"),
    "methylated": ("methylated", "yes", "true", "1"),
    "unmethylated": ("unmethylated", "not methylated", "no", "false", "0"),
    "deleted": ("deleted", "homozygously deleted", "homozygous deletion", "loss", "lost", "yes", "true", "1"),
}
_STATUSES = {
    "1p/19q": ("codeleted", "intact"),
    "MGMT": ("methylated", "unmethylated"),
    "CDKN2A": ("deleted", "intact"),
    "EGFR": ("mutated", "wild type", "amplified"),
}


@lru_cache(maxsize=1)
def facts() -> dict[str, Any]:
    """The table of genes and treatments, ``genes.json``."""
    text = resources.files("limner.forecast").joinpath("genes.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def known_genes() -> tuple[str, ...]:
    """Every gene that a forecast can make use of."""
    table = facts()
    return tuple(dict.fromkeys([*table["genes"], *table["learned"]["genes"]]))


@dataclass(frozen=True)
class Genotype:
    """What is known of a tumour's genes.

    Args:
        genes: name to status, as :func:`known_genes` and ``genes.json`` spell them.
        grade: 2, 3 or 4 (WHO); None where unknown.
        age: of the patient in years; None where unknown.
        warnings: what does not go together, a sentence each.
    """

    genes: Mapping[str, str] = field(default_factory=dict)
    grade: int | None = None
    age: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return not self.genes and self.grade is None and self.age is None

    def with_(self, gene: str, status: str) -> Genotype:
        """The same tumour with another status of one gene; its contradictions are looked for anew."""
        genes = {**self.genes, gene: status}
        return Genotype(genes, self.grade, self.age, _contradictions(genes, self.grade))


def read_genotype(path: Path) -> Genotype:
    """Reads JSON (``{"IDH1": "mutated", "grade": 2}``) or CSV with the columns ``gene, status``.

    Raises:
        InputError: no such file, not of these forms, an unknown gene (the nearest is named) or status, or one gene with
            two statuses.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no file of genes at {str(path)!r}. Give JSON or CSV with the columns gene, status.")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    pairs = _json_pairs(text, path) if path.suffix.lower() == ".json" else _csv_pairs(text, path)
    if not pairs:
        raise InputError(f"{path.name!r} names no gene. A row is a gene and its status, as `IDH1,mutated`.")
    return genotype_of(pairs, path.name)


def genotype_of(pairs: list[tuple[str, str]], where: str = "the genes") -> Genotype:
    """A genotype of names and statuses; see :func:`read_genotype`.

    >>> genotype_of([("IDH1", "mut"), ("1p19q", "codeletion"), ("grade", "II")]).genes
    {'IDH': 'mutated', '1p/19q': 'codeleted'}
    """
    spelt: dict[str, str] = {}
    genes: dict[str, str] = {}
    grade: int | None = None
    age: float | None = None
    for name, status in pairs:
        plain = " ".join(name.upper().split())
        if plain in spelt and spelt[plain] != status.strip().lower():
            raise InputError(f"{where}: {name.strip()} is given twice, as {spelt[plain]!r} and {status!r}. Keep one.")
        spelt[plain] = status.strip().lower()
        if plain in ("GRADE", "WHO GRADE"):
            grade = _grade(status, where)
        elif plain in ("AGE", "AGE YEARS"):
            age = _age(status, where)
        else:
            gene = _gene(name, where)
            found = _status(gene, status, where)
            genes[gene] = _both(gene, genes.get(gene), found, plain, where)
    return Genotype(genes, grade, age, _contradictions(genes, grade) + _twins(spelt))


def _both(gene: str, before: str | None, now: str, plain: str, where: str) -> str:
    """IDH1 and IDH2 are one switch: mutated where either is."""
    if before is None or before == now:
        return now
    if gene == "IDH" and plain in ("IDH1", "IDH2", "IDH-1", "IDH-2"):
        return "mutated"
    raise InputError(f"{where}: {gene} is given twice, as {before!r} and {now!r}. Keep one.")


def _contradictions(genes: Mapping[str, str], grade: int | None) -> tuple[str, ...]:
    found = []
    if genes.get("IDH") == "wild type" and genes.get("1p/19q") == "codeleted":
        found.append(
            "IDH is wild type and 1p/19q codeleted: by the WHO classification of 2021 an oligodendroglioma has both "
            "changes, and tumours with this pair are rare and behave more like glioblastoma. Have the tests checked."
        )
    if genes.get("1p/19q") == "codeleted" and genes.get("ATRX") == "mutated":
        found.append(
            "ATRX is mutated and 1p/19q codeleted: the two hardly ever occur together. Have the tests checked."
        )
    if genes.get("IDH") == "wild type" and genes.get("TERT") == "mutated" and grade in (2, 3):
        found.append(
            "IDH is wild type and the TERT promoter mutated: by the WHO classification of 2021 that is a glioblastoma, "
            f"grade 4, not {grade}. The grade that was given is used."
        )
    return tuple(found)


def _twins(spelt: Mapping[str, str]) -> tuple[str, ...]:
    if all(spelt.get(one) in _WORDS["mutated"] for one in ("IDH1", "IDH2")):
        return ("IDH1 and IDH2 are both mutated, which hardly ever occurs. Have the tests checked.",)
    return ()


def _gene(name: str, where: str) -> str:
    table = {gene.upper(): gene for gene in known_genes()}
    for gene, entry in facts()["genes"].items():
        table.update(dict.fromkeys(entry["aliases"], gene))
    plain = " ".join(name.upper().split())
    if plain in table:
        return table[plain]
    near = difflib.get_close_matches(plain, table, n=2, cutoff=0.5)
    hint = f"Did you mean {' or '.join(dict.fromkeys(near))}? " if near else ""
    raise InputError(
        f"{where}: the gene {name.strip()!r} is not known here. {hint}Known: {', '.join(known_genes())}, grade, age."
    )


def _status(gene: str, status: str, where: str) -> str:
    plain = _plain(str(status))
    allowed = _STATUSES.get(gene, ("mutated", "wild type"))
    for one in allowed:
        if plain in map(_plain, _WORDS[one]):
            return one
    raise InputError(f"{where}: {gene} is {' or '.join(allowed)}; got {status!r}.")


def _plain(words: str) -> str:
    """Without what people set between the parts of a word: co-deleted, wild_type."""
    return "".join(one for one in words.lower() if one.isalnum())


def _grade(status: str, where: str) -> int:
    plain = str(status).upper().replace("GRADE", "").strip().removesuffix(".0")
    if plain not in _GRADES:
        raise InputError(f"{where}: the WHO grade of a diffuse glioma is 2, 3 or 4; got {status!r}.")
    return _GRADES[plain]


def _age(status: str, where: str) -> float:
    try:
        age = float(status)
    except ValueError:
        age = -1.0
    if not 0 <= age <= 120:
        raise InputError(f"{where}: an age in years from 0 to 120 is expected; got {status!r}.")
    return age


def _json_pairs(text: str, path: Path) -> list[tuple[str, str]]:
    """Keys may occur twice, which a dictionary would hide."""
    try:
        found = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError) as error:
        raise InputError(f'{path.name!r} is no JSON ({error}). Expected: {{"IDH1": "mutated", "grade": 2}}.') from error
    if not isinstance(found, list) or not all(
        isinstance(one, tuple) and not isinstance(one[1], (list, type(None))) for one in found
    ):
        raise InputError(
            f'{path.name!r} holds something else than genes with a status: {{"IDH1": "mutated", "grade": 2}}.'
        )
    return [(str(name), str(status)) for name, status in found]


def _csv_pairs(text: str, path: Path) -> list[tuple[str, str]]:
    rows = [row for row in csv.reader(text.splitlines()) if any(one.strip() for one in row)]
    if rows and [one.strip().lower() for one in rows[0][:2]] == ["gene", "status"]:
        rows = rows[1:]
    bad = next((row for row in rows if len(row) < 2 or not row[0].strip() or not row[1].strip()), None)
    if bad is not None:
        raise InputError(f"{path.name!r}: a row is a gene and its status, as `IDH1,mutated`; got {','.join(bad)!r}.")
    return [(row[0], row[1].strip()) for row in rows]
