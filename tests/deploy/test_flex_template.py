"""The Flex Template offers what the pipeline takes, both ways; what launches it passes what the template offers."""

import argparse
import json
import re
import shlex

import pytest
import yaml
from google.cloud.dataflow_v1beta3 import FlexTemplateRuntimeEnvironment, LaunchFlexTemplateParameter, TemplateMetadata
from google.protobuf import json_format

from pbm360.cloud import flex_template
from pbm360.stream.options import STREAM_OPTIONS, OptionError, StreamOptions
from tests.deploy.configuration import Configuration
from tests.deploy.tools import ROOT

TEMPLATE = json.loads(flex_template.OUTPUT.read_text())
PARAMETERS = {parameter["name"]: parameter for parameter in TEMPLATE["parameters"]}


def pipeline_options():
    """The options as the pipeline's own parser has them."""
    parser = argparse.ArgumentParser(add_help=False)
    StreamOptions._add_argparse_args(parser)
    return {action.dest: action for action in parser._actions}


def test_the_metadata_is_fresh_and_of_the_form_that_dataflow_takes():
    assert flex_template.metadata() == TEMPLATE, "run `make tables`"
    parsed = json_format.ParseDict(TEMPLATE, TemplateMetadata.pb(TemplateMetadata()))
    assert parsed.streaming and len(parsed.parameters) == len(PARAMETERS)


def test_the_template_offers_every_option_of_the_pipeline_and_no_other():
    options = pipeline_options()
    assert set(options) - set(PARAMETERS) == set(), "taken by the pipeline, not offered by the template"
    assert set(PARAMETERS) - set(options) == set(), "offered by the template, not taken by the pipeline"
    for name, action in options.items():
        assert action.help.startswith(PARAMETERS[name]["helpText"]), name
        assert action.default == PARAMETERS[name]["defaultValue"], name


@pytest.mark.parametrize("option", STREAM_OPTIONS, ids=lambda option: option.name)
def test_the_template_and_the_pipeline_take_the_same_values(option):
    (pattern,) = PARAMETERS[option.name]["regexes"]
    assert option.parse(option.default) == option.default and re.match(pattern, option.default)
    refused = "a b\n"
    assert not re.match(pattern, refused)
    with pytest.raises(OptionError, match=f"{option.name} must match"):
        option.parse(refused)


def test_the_schedule_passes_parameters_that_the_template_offers(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "dags"))
    from pbm360_schedule.speed import stream_parameters

    passed = stream_parameters()
    assert passed and set(passed) <= set(PARAMETERS)
    for name, value in passed.items():
        assert re.match(PARAMETERS[name]["regexes"][0], value), name
    body = {"jobName": "a", "containerSpecGcsPath": "gs://a/b", "parameters": passed}
    json_format.ParseDict(body, LaunchFlexTemplateParameter.pb(LaunchFlexTemplateParameter()))


def build_arguments():
    delivery = yaml.safe_load((ROOT / "deploy" / "cloudbuild.yaml").read_text())
    script = {step["id"]: step for step in delivery["steps"]}["roll-out"]["script"]
    command = re.search(r"gcloud dataflow flex-template build (?:.*\\\n)*.*\n", script)[0].replace("\\\n", "")
    found = (word.partition("=") for word in shlex.split(command.replace("$(cat", "(cat")) if word.startswith("--"))
    return {name: value for name, _, value in found}


def test_the_template_is_built_with_the_names_that_terraform_makes():
    arguments, terraform = build_arguments(), Configuration()
    assert arguments["--service-account-email"].split("@")[0] in terraform.names("google_service_account", "account_id")
    subnetwork = arguments["--subnetwork"].rsplit("/", 1)[1].replace("$_REGION", "us-central1")
    assert subnetwork in terraform.names("google_compute_subnetwork", "name")
    bucket = arguments["--temp-location"].split("/")[2].replace("${PROJECT_ID}", "PROJECT")
    assert bucket in terraform.names("google_storage_bucket", "name")
    assert {"--enable-streaming-engine", "--disable-public-ips"} <= set(arguments)
    assert int(arguments["--num-workers"]) <= int(arguments["--max-workers"])
    environment = {"enableStreamingEngine": True, "streamingMode": "STREAMING_MODE_AT_LEAST_ONCE"}
    json_format.ParseDict(environment, FlexTemplateRuntimeEnvironment.pb(FlexTemplateRuntimeEnvironment()))
    speed = (ROOT / "dags" / "pbm360_schedule" / "speed.py").read_text()
    assert all(f'"{name}"' in speed for name in environment)
