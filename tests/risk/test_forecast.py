"""A forecast trained on the past beats the rules on what came after, says why, and can be kept and found again."""

import datetime
import re

import numpy as np
import pandas as pd
import pytest
from google.api_core.exceptions import GoogleAPICallError

from pbm360.risk import backtest, boosted, calibration, drift, service, store, training
from pbm360.risk.scoring import score
from pbm360.risk.worlds import true_ends
from pbm360.settings import SettingsError
from tests.risk.conftest import END

CUT = END - datetime.timedelta(days=3)


@pytest.fixture(scope="module")
def model(world):
    return training.train(world, CUT, count=8)


@pytest.fixture(scope="module")
def scores(world, model):
    features = world.run("risk/features_as_of.sql", {"as_of": END}).to_pandas()
    return score(model, features, training.read_pharmacies(world))


def test_as_many_instants_are_read_as_are_enough(world, monkeypatch):
    instants = training.training_instants(END, 10)
    latest = training.read_features(world, instants[:1])
    monkeypatch.setattr(training, "ENOUGH_SAMPLES", 7 * len(latest))
    wanted = [instants[0], *training.spread(instants[1:], len(latest))]
    assert len(wanted) == 7 and training.LEAST_INSTANTS == 6
    found = training.read_enough(world, instants)
    assert set(found["as_of"]) == {pd.Timestamp(instant) for instant in wanted}
    assert found["order_id"].nunique() < len(found) == len(found[["as_of", "order_id"]].drop_duplicates())


def test_on_later_instants_the_forecast_is_nearer_than_both_rules(world, past, model):
    instants = [END - datetime.timedelta(days=19) + datetime.timedelta(hours=29) * number for number in range(8)]
    features = training.read_features(world, instants)
    rows = backtest.judged_rows(model, features, true_ends(past), training.read_pharmacies(world))
    assert len(rows) > 1000
    came = rows["came"].to_numpy()
    own, *rules = (calibration.brier(rows[name].to_numpy(), came) for name in ("forecast", "age", "average"))
    assert own < 0.9 * min(rules)
    assert calibration.calibration_error(rows["forecast"].to_numpy(), came) < 0.10


def test_every_open_order_has_chances_and_an_expected_delivery(scores):
    assert scores["order_id"].is_unique and len(scores) > 100
    for name in ("p_miss_sla", "p_miss_promise"):
        assert scores[name].between(0, 1).all(), name
    assert scores["p_runout"].dropna().between(0, 1).all() and scores["p_runout"].notna().any()
    known = scores.dropna(subset=["eta_p50_at", "eta_p90_at"])
    assert len(known) > 0.7 * len(scores)
    assert (known["eta_p50_at"] <= known["eta_p90_at"]).all()
    assert (known["eta_p50_at"] >= pd.Timestamp(END)).all()


def test_the_chance_that_drug_ends_first_is_nearer_than_the_mean_alone(world, past, model):
    features = world.run("risk/features_as_of.sql", {"as_of": END - datetime.timedelta(days=12)}).to_pandas()
    rows = backtest.runout_rows(model, features, true_ends(past), training.read_pharmacies(world))
    came = rows["came"].to_numpy()
    assert len(rows) > 30 and 0 < came.mean() < 1
    usual = calibration.brier(np.full(len(came), came.mean()), came)
    assert calibration.brier(rows["forecast"].to_numpy(), came) < usual


def test_what_is_decided_is_certain_and_says_so(scores):
    over = scores[(scores["due_at"] < pd.Timestamp(END)) & scores["stage"].isin(["FILL", "SCHEDULING", "PA_PENDING"])]
    assert len(over) > 0
    assert (over["p_miss_sla"] == 1).all()
    assert over["reason_1"].str.startswith("SLA passed").all()


def test_an_order_at_risk_has_a_reason_in_words(scores):
    at_risk = scores[scores["p_miss_sla"].between(0.5, 0.999)]
    assert len(at_risk) > 0
    assert at_risk["reason_1"].notna().all()
    text = " ".join(at_risk[["reason_1", "reason_2", "reason_3"]].fillna("").to_numpy().ravel())
    assert not re.search(r"\bnan\b|[{}_]", text)


def test_a_forecast_is_kept_and_found_again_and_the_next_one_takes_its_place(world, model):
    store.save_model(world, model)
    found = store.load_model(world)
    assert (found.version, len(found.samples)) == (model.version, len(model.samples))
    features = world.run("risk/features_as_of.sql", {"as_of": END}).to_pandas().head(50)
    pharmacies = training.read_pharmacies(world)
    pd.testing.assert_frame_equal(score(found, features, pharmacies), score(model, features, pharmacies))
    later = training.train(world, END, count=2)
    store.save_model(world, later)
    assert store.load_model(world).version == later.version != model.version
    store.save_model(world, model)


def test_a_refresh_replaces_the_served_rows_and_keeps_the_days_first_forecasts(world, model):
    first = service.refresh(world, END, model)
    again = service.refresh(world, END + datetime.timedelta(minutes=5), model)
    assert first.order_count == again.order_count > 100
    assert first.recorded_count > 0 and again.recorded_count == 0
    served = world.query("select * from pbm_serving.order_risk").to_pandas()
    assert len(served) == again.order_count and served["scored_at"].nunique() == 1
    world.load_rows(
        "ops.tombstones",
        [{"kind": "order_id", "value": served["order_id"][0], "erasure_id": "e", "erased_at": END}],
    )
    assert (
        served["order_id"][0] not in world.query("select order_id from pbm_serving.order_risk")["order_id"].to_pylist()
    )


def test_what_bigquery_ml_learns_from_is_what_is_undecided_and_on_a_laptop_it_is_refused(world, model):
    undecided = model.samples[model.samples["is_missed"].notna()]
    assert boosted.keep_trial(world, model.samples, model.samples.head(200)) == len(undecided) + int(
        model.samples["is_missed"].head(200).notna().sum()
    )
    kept = world.read_table("ops.risk_trials").to_pandas()
    learnt = kept[kept["part"] == "learnt"]
    assert learnt["is_missed"].sum() == undecided["is_missed"].sum() > 0
    assert learnt["age_hours"].sum() == pytest.approx(undecided["age_hours"].sum())
    with pytest.raises(SettingsError, match="PBM360_TARGET must be gcp; got local"):
        boosted.boosted_brier(world, model.samples, model.samples)
    with pytest.raises(GoogleAPICallError, match="no model is learnt here"):
        world.run("risk/boosted_tree.sql")  # no other engine says that it has learnt


def test_a_past_that_is_too_short_is_refused_with_what_is_needed(make_warehouse):
    from pbm360 import medallion

    empty = make_warehouse()
    medallion.prepare(empty)
    with pytest.raises(training.NothingToLearn, match="21 days before: simulate or import a longer past"):
        training.train(empty, END, count=2)
    with pytest.raises(service.NoModel, match="pbm360 risk train"):
        service.current_model(empty)


def forecasts(chance: float, share: float, count: int = 400) -> tuple[pd.DataFrame, pd.DataFrame]:
    due = pd.Timestamp("2026-11-11T12:00Z")
    names = [f"A{number}" for number in range(count)]
    said = pd.DataFrame({"order_id": names, "due_at": due, "p_forecast": chance, "p_rule": 0.3, "model_version": "m"})
    missed = np.arange(count) < share * count
    left = pd.Series(np.where(missed, due + pd.Timedelta(hours=1), due - pd.Timedelta(hours=1)))
    return said, pd.DataFrame({"order_id": names, "left_at": pd.to_datetime(left, utc=True)})


def test_a_week_in_which_the_forecast_comes_true_is_calibrated_and_one_in_which_it_does_not_has_drifted():
    (good,) = drift.weeks(*forecasts(0.3, 0.3)).to_dict("records")
    assert (good["week_start_date"], good["is_drifted"]) == (datetime.date(2026, 11, 9), False)
    assert good["calibration_error"] == pytest.approx(0, abs=1e-9)
    (bad,) = drift.weeks(*forecasts(0.1, 0.5)).to_dict("records")
    assert bad["is_drifted"] and bad["calibration_error"] == pytest.approx(0.4)
    assert len(drift.weeks(*forecasts(0.1, 0.5, count=50))) == 0  # of fifty orders nothing is said


def test_a_drifted_forecast_says_so_and_falls_back_to_the_rule(world, model):
    week = {"week_start_date": datetime.date(2026, 11, 9), "model_version": model.version, "forecast_count": 900}
    week |= {"mean_chance": 0.1, "observed_share": 0.5, "calibration_error": 0.4, "brier": 0.4, "rule_brier": 0.2}
    world.load_rows("ops.risk_calibration", [week | {"is_drifted": True, "measured_at": END}])
    found = service.refresh(world, END, model)
    assert (found.is_drifted, found.model_version) == (True, "rule-average")
    served = world.query("select * from pbm_serving.order_risk").to_pandas()
    undecided = served[(served["due_at"] > pd.Timestamp(END)) & served["stage"].isin(["FILL", "PA_PENDING"])]
    assert set(undecided["p_miss_sla"].round(6)) <= {round(rate, 6) for rate in model.rules.rates["average"]}
