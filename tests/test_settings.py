"""Settings: read once, checked, secrets hidden."""

import json
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from pbm360.settings import Settings, SettingsError, load_settings

ROOT = Path(__file__).parents[1]
KEY = "0123456789abcdef0123456789abcdef"


def test_defaults_point_at_the_laptop(tmp_path):
    settings = load_settings({"PBM360_STATE_DIR": str(tmp_path)})
    assert (settings.target, settings.project, settings.dataset("bronze")) == ("local", "pbm-local", "pbm_bronze")
    assert settings.bigquery_url == ""


def test_the_dashboards_are_read_for_each_second_on_a_laptop_and_seldom_where_a_read_costs(tmp_path):
    on_gcp = {"PBM360_TARGET": "gcp", "PBM360_PROJECT": "my-project"}
    environments = ({}, on_gcp, on_gcp | {"PBM360_SNAPSHOT_SECONDS": "5"})
    found = [load_settings({"PBM360_STATE_DIR": str(tmp_path)} | each).snapshot_seconds for each in environments]
    assert found == [1.0, 15.0, 5.0]


def test_settings_are_frozen(tmp_path):
    with pytest.raises(FrozenInstanceError):
        load_settings({"PBM360_STATE_DIR": str(tmp_path)}).target = "gcp"


def test_addresses_and_key_come_from_the_local_stack(tmp_path):
    (tmp_path / "stack.json").write_text(json.dumps({"addresses": {"bigquery_url": "http://127.0.0.1:1"}}))
    (tmp_path / "pseudonym.key").write_text(KEY + "\n")
    settings = load_settings({"PBM360_STATE_DIR": str(tmp_path)})
    assert settings.bigquery_url == "http://127.0.0.1:1"
    assert settings.pseudonym_key == KEY


def test_an_official_pubsub_emulator_goes_before_the_stack(tmp_path):
    (tmp_path / "stack.json").write_text(json.dumps({"addresses": {"pubsub_endpoint": "127.0.0.1:1"}}))
    environment = {"PBM360_STATE_DIR": str(tmp_path), "PUBSUB_EMULATOR_HOST": "127.0.0.1:2"}
    assert load_settings(environment).pubsub_endpoint == "127.0.0.1:2"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PBM360_TARGET", "aws", "one of local, gcp"),
        ("PBM360_PROJECT", "abc", "4 to 30"),
        ("PBM360_SNAPSHOT_SECONDS", "0", "between 0.2 and 3600"),
        ("PBM360_SNAPSHOT_SECONDS", "often", "must be a float"),
        ("PBM360_DASHBOARDS_PORT", "99999", "a port between"),
        ("PBM360_DASHBOARDS_ADDRESS", "10.0.0.1", "127.0.0.1 or 0.0.0.0"),
        ("PBM360_KERNEL_BUDGET", "0", "between 1 and 500"),
        ("PBM360_DATASET_PREFIX", "Pbm!", "lower-case letters"),
        ("PBM360_TARGTE", "local", "unknown setting PBM360_TARGTE"),
    ],
)
def test_a_wrong_value_is_refused_with_what_was_expected(name, value, expected):
    with pytest.raises(SettingsError, match=expected):
        load_settings({name: value})


def test_gcp_wants_a_key_where_pseudonyms_are_made_and_a_project_anywhere():
    settings = load_settings({"PBM360_TARGET": "gcp", "PBM360_PROJECT": "my-project"})
    with pytest.raises(SettingsError, match="PBM360_PSEUDONYM_KEY must be set"):
        _ = settings.required_pseudonym_key
    assert Settings(pseudonym_key=KEY).required_pseudonym_key == KEY
    with pytest.raises(SettingsError, match="PBM360_PROJECT must name"):
        load_settings({"PBM360_TARGET": "gcp", "PBM360_PSEUDONYM_KEY": KEY})


def test_secrets_are_never_shown():
    settings = load_settings({"PBM360_TARGET": "gcp", "PBM360_PROJECT": "my-project", "PBM360_PSEUDONYM_KEY": KEY})
    assert KEY not in repr(settings)
    with pytest.raises(SettingsError) as raised:
        load_settings({"PBM360_PSEUDONYM_KEY": "tooshort"})
    assert "tooshort" not in str(raised.value)


def test_the_readme_documents_every_setting():
    readme = (ROOT / "README.md").read_text()
    missing = [item.metadata["variable"] for item in fields(Settings) if item.metadata["variable"] not in readme]
    assert not missing
