"""What order management knows of a simulated world."""

from zoneinfo import ZoneInfo

from pbm360.domain.privacy import publishable_zip3
from pbm360.domain.rules import codes
from pbm360.simulate.world import PHARMACIES, SYNTHETIC_LABELERS, drugs


def test_every_order_names_a_patient_a_pharmacy_and_a_drug_that_exist(simulation):
    entities = simulation.entities()
    patients = {row["patient_id"] for row in entities.patients}
    pharmacies = {row["pharmacy_id"] for row in entities.pharmacies}
    ndcs = {row["drug_ndc"] for row in entities.drugs}
    for row in entities.orders:
        assert row["patient_id"] in patients
        assert row["pharmacy_id"] in pharmacies
        assert row["drug_ndc"] in ndcs
    assert {row["patient_id"] for row in entities.orders} == patients


def test_ids_are_unique(simulation):
    entities = simulation.entities()
    for rows, key in ((entities.patients, "patient_id"), (entities.orders, "order_id"), (entities.drugs, "drug_ndc")):
        assert len({row[key] for row in rows}) == len(rows)


def test_some_patients_order_more_than_once(simulation):
    entities = simulation.entities()
    assert len(entities.patients) < len(entities.orders)


def test_orders_are_created_within_the_days_of_the_simulation(simulation, end):
    for row in simulation.entities().orders:
        assert simulation.parameters.start <= row["created_at"] <= end


def test_patients_are_plainly_synthetic(simulation):
    for row in simulation.entities().patients:
        assert "Testpatient" in row["full_name"]
        assert "-555-01" in row["phone"]
        assert row["email"].endswith(".example")
        assert "Synthetic" in row["street"]
        assert len(row["zip_code"]) == 5
        publishable_zip3(row["zip_code"])


def test_some_patients_live_where_few_people_do_and_some_are_ninety(simulation, end):
    patients = simulation.entities().patients
    assert any(publishable_zip3(row["zip_code"]) == "000" for row in patients)
    assert any((end.date() - row["birth_date"]).days / 365.25 >= 90 for row in patients)


def test_ndcs_say_that_they_are_synthetic(simulation):
    rows = simulation.entities().drugs
    assert 40 <= len(rows) <= 50
    for row in rows:
        assert row["drug_ndc"].startswith(SYNTHETIC_LABELERS)
        assert len(row["drug_ndc"]) == 11
        assert row["is_synthetic_ndc"] is True


def test_drugs_have_a_temperature_class_and_a_package_of_the_code_lists():
    assert {drug.temperature_class for drug in drugs()} == set(codes("temperature_class").values())
    assert {drug.pack_type for drug in drugs()} == set(codes("pack_type").values())


def test_pharmacies_lie_in_several_zones_and_open_before_they_close():
    assert len({pharmacy.time_zone for pharmacy in PHARMACIES}) >= 4
    assert round(sum(pharmacy.share for pharmacy in PHARMACIES), 9) == 1
    for pharmacy in PHARMACIES:
        ZoneInfo(pharmacy.time_zone)
        assert pharmacy.opens_at < pharmacy.closes_at
