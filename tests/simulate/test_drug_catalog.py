"""The pharmacies' drugs: real by Drugs@FDA but for their codes, which say that they are synthetic."""

import csv
import re
from dataclasses import replace
from importlib import resources

import pytest

from pbm360.domain.rules import codes
from pbm360.simulate.drug_catalog import CatalogError, differences, read_products
from pbm360.simulate.world import SYNTHETIC_LABELERS, drugs

HEADER = "ApplNo\tProductNo\tForm\tStrength\tReferenceDrug\tDrugName\tActiveIngredient\tReferenceStandard\n"
ROWS = (
    "000001\t001\tTABLET;ORAL\tEQ 5MG BASE\t1\tXELJANZ\tTOFACITINIB CITRATE\t1\n"
    "000002\t001\tCAPSULE, DELAYED RELEASE;ORAL\t240MG\t1\tTECFIDERA\tDIMETHYL FUMARATE\t1\n"
    "000003\t001\tINJECTABLE; INJECTION\t90MG/1ML\t1\tSTELARA\tUSTEKINUMAB\t1\n"
    "000004\t001\tTABLET;ORAL\tEQ 50MG BASE;200MG;EQ 25MG BASE\t1\tBIKTARVY\tBICTEGRAVIR SODIUM\t1\n"
    "000005\t001\tTABLET;ORAL\t7MG\t1\tAUBAGIO\tTERIFLUNOMIDE\t1\n"
)


def named(*names):
    return [drug for drug in drugs() if drug.name in names]


@pytest.fixture
def products(tmp_path):
    path = tmp_path / "Products.txt"
    path.write_text(HEADER + ROWS)
    return read_products(path)


def test_strengths_are_the_same_however_the_file_writes_them(products):
    assert differences(products, named("XELJANZ", "TECFIDERA", "STELARA", "BIKTARVY")) == []


def test_another_strength_form_or_name_is_told_with_what_the_file_has(products):
    (aubagio,), (xeljanz,) = named("AUBAGIO"), named("XELJANZ")
    assert differences(products, [aubagio, replace(xeljanz, form="capsule"), replace(xeljanz, name="NONE")]) == [
        "AUBAGIO tablet 14 mg: the file has TABLET;ORAL 7MG",
        "XELJANZ capsule 5 mg: the file has TABLET;ORAL EQ 5MG BASE",
        "NONE tablet 5 mg: the file has no such name",
    ]
    assert len(differences(products)) == len(drugs()) - 4


def test_another_file_is_refused_with_what_was_expected(tmp_path):
    path = tmp_path / "other.txt"
    path.write_text("name,strength\nXELJANZ,5MG\n")
    complaint = "other.txt has no column Form, Strength, DrugName, ActiveIngredient; expected Products.txt of Drugs@FDA"
    with pytest.raises(CatalogError, match=complaint):
        read_products(path)


def test_every_row_of_the_seed_has_its_form():
    with (resources.files("pbm360.simulate") / "data" / "drugs.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert 40 <= len(rows) == len({row["drug_ndc"] for row in rows}) == len({row["name"] for row in rows})
    for row in rows:
        assert re.fullmatch(rf"({'|'.join(SYNTHETIC_LABELERS)})[0-9]{{6}}", row["drug_ndc"]), row
        assert re.fullmatch(r"[A-Z][A-Z0-9 -]+", row["name"]), row
        assert re.fullmatch(r"[a-z][a-z0-9; -]+", row["ingredient"]), row
        assert all(re.fullmatch(r"[0-9.]+ mg(/([0-9.]+ )?(mL|vial))?", part) for part in row["strength"].split("; "))
        assert row["strength"].count(";") == row["ingredient"].count(";"), row
        assert row["form"] in {
            "tablet",
            "capsule",
            "delayed-release capsule",
            "injectable",
            "syringe",
            "vial",
            "implant",
        }
        assert row["temperature_class"] in set(codes("temperature_class").values()), row
        assert int(row["quantity"]) > 0 and 1 <= int(row["days_supply"]) <= 400 and float(row["share"]) > 0, row
    assert {row["drug_ndc"][:5] for row in rows} == set(SYNTHETIC_LABELERS)
