"""Hold the pharmacies' drugs against a Products file of Drugs@FDA: names, ingredients, forms and strengths are real.

The file is the FDA's (`Products.txt` of the Drugs@FDA data files; tab separated; `.gz` is read too). It has no National
Drug Codes: those of `data/drugs.csv` are synthetic, of the labelers 99999 and 00000, which are nobody's.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pbm360.simulate.world import Drug, drugs

COLUMNS = ("Form", "Strength", "DrugName", "ActiveIngredient")
EQUIVALENT = re.compile(r"EQ (.*?) (?:BASE|ACID)")  # a salt's strength told as that of the substance
ONE_MILLILITRE = re.compile(r"/1ML$")
REMARK = re.compile(r" \(.*?\)$")
FORM_WORDS = {"delayed-release capsule": ("CAPSULE", "DELAYED RELEASE")}


class CatalogError(ValueError):
    """A Products file that cannot be read as one; the text says what it lacks."""


@dataclass(frozen=True)
class Product:
    """A row of the Products file, in its own spelling."""

    name: str
    ingredient: str
    form: str
    strength: str


def read_products(path: Path) -> list[Product]:
    """Read a Products file. Raises `CatalogError` where it is none."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="latin-1", newline="") as lines:
        reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise CatalogError(
                f"{path.name} has no column {', '.join(missing)}; "
                "expected Products.txt of Drugs@FDA, tab separated, with its header"
            )
        return [
            Product(*(" ".join((row[name] or "").split()) for name in ("DrugName", "ActiveIngredient", *COLUMNS[:2])))
            for row in reader
        ]


def differences(products: Iterable[Product], catalog: Iterable[Drug] | None = None) -> list[str]:
    """Return a line for each drug of the catalog (default: the pharmacies' own) that the products do not have so."""
    by_name: dict[str, list[Product]] = defaultdict(list)
    for product in products:
        by_name[product.name.upper()].append(product)
    found = []
    for drug in drugs() if catalog is None else catalog:
        offered = by_name[drug.name.upper()]
        if not any(is_same(drug, product) for product in offered):
            known = ", ".join(sorted({f"{item.form} {item.strength}" for item in offered})) or "no such name"
            found.append(f"{drug.name} {drug.form} {drug.strength}: the file has {known}")
    return found


def is_same(drug: Drug, product: Product) -> bool:
    """Tell whether a product of the drug's name has its form and strength, however either is written."""
    words = FORM_WORDS.get(drug.form, (drug.form.upper(),))
    return all(word in product.form.upper() for word in words) and plain(drug.strength) == plain(product.strength)


def plain(strength: str) -> str:
    """Return a strength in one spelling: `EQ 50MG BASE;200MG` and `50 mg; 200 mg` are the same."""
    text = REMARK.sub("", EQUIVALENT.sub(r"\1", strength.upper()))
    return ONE_MILLILITRE.sub("/ML", text.replace(" ", ""))
