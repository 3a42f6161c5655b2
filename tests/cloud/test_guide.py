"""What guide and runbooks tell to type exists: our commands' help runs, other tools' names stand in Terraform."""

import re
import shlex

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from pbm360.cli import app
from pbm360.cloud import resources
from pbm360.settings import Settings
from tests.deploy.configuration import Configuration
from tests.deploy.tools import ROOT

PAGES = {name: (ROOT / "docs" / name).read_text() for name in ("google_cloud.md", "runbooks.md", "unproven.md")}
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)  # blocks without a language are to type
TO_TYPE = {
    name: "".join(block for language, block in FENCED.findall(text) if not language) for name, text in PAGES.items()
}
BLOCKS = "\n".join(TO_TYPE.values())
INLINE = "\n".join(found for text in PAGES.values() for found in re.findall(r"`((?:pbm360|make) [^`]+)`", text))
LINES = [line for line in f"{BLOCKS}\n{INLINE}".splitlines() if line and not line.startswith("#")]
SETTINGS = Settings(project="my-project")
TOPICS = ("late feed", "stuck stream", "failed gate", "bad deploy", "schema change", "key rotation", "erasure request",
          "regional outage")  # fmt: skip
NAMED = {  # after which words a name of ours stands, and which names there are
    r"gcloud run jobs (?:execute|describe) ([\w-]+)": resources.JOBS,
    r"gcloud run services \w+ ([\w-]+)": resources.DASHBOARDS,
    r"gcloud run worker-pools \w+ ([\w-]+)": (resources.WORKER_POOL,),
    r"gcloud sql instances \w+ ([\w-]+)": (resources.DATABASE_INSTANCE,),
    r"--instance=([\w-]+)": (resources.DATABASE_INSTANCE,),
    r"gcloud secrets versions (?:add|list) ([\w-]+)": (*resources.SECRETS.values(), resources.ERASURE_REQUEST),
    r"--secret=([\w-]+)": (*resources.SECRETS.values(), resources.ERASURE_REQUEST),
    r"gcloud pubsub subscriptions \w+ ([\w-]+)": tuple(resources.topics(SETTINGS).values()),
    r"gcloud composer environments run (\w+)": (resources.ENVIRONMENT,),
    r"--filter=name:([\w-]+)": (resources.STREAM_JOB,),
    r"pbm360-(\w+)@": resources.COMPONENTS,
    r"gcloud pubsub topics \S+ ([\w-]+)": tuple(resources.topics(SETTINGS)),
    r"gs://\$PROJECT-([\w-]+)": resources.BUCKETS,
    r"mk --dataset (\w+)": tuple(resources.datasets(SETTINGS)),
    r"gcloud builds triggers run pbm360-([\w-]+)": ("main", "release"),
    r"dags (?:trigger|pause|unpause) -- (\w+)": tuple(path.stem for path in (ROOT / "dags").glob("*.py")),
}  # fmt: skip


def commands(tool: str) -> list[list[str]]:
    """Return the words of every command of a tool."""
    found = [part.strip() for line in LINES for part in line.split(" | ")]
    return [shlex.split(line)[1:] for line in found if line.split()[0] == tool]


def test_the_first_commands_stand_word_for_word():
    guide = PAGES["google_cloud.md"].splitlines()
    apis = " ".join(f"{name}.googleapis.com" for name in ("pubsub", "dataflow", "composer", "bigquery", "run"))
    assert f"gcloud services enable {apis}" in guide
    assert [line for line in guide if line.startswith("bq mk")] == [
        f"bq mk --dataset {resources.datasets(SETTINGS)[number]}" for number in range(3)
    ]
    assert resources.datasets(SETTINGS)[:3] == ["pbm_bronze", "pbm_silver", "pbm_gold"]


def test_every_command_of_ours_exists_with_its_options_and_its_help_runs():
    told = {tuple(words) for words in commands("pbm360")}
    assert len(told) > 15
    for words in told:
        command, path = get_command(app), []
        while words and hasattr(command, "commands"):
            command, path, words = command.commands[words[0]], [*path, words[0]], words[1:]
        assert CliRunner().invoke(app, [*path, "--help"]).exit_code == 0, path
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word.split("=")[0] for word in words if word.startswith("--")} <= known, (path, words)


def test_what_needs_the_private_database_is_left_to_a_job_inside_its_network():
    typed = [line.split()[1] for line in "\n".join(TO_TYPE.values()).splitlines() if line.startswith("pbm360 ")]
    inside = {
        "simulate",
        "relay",
        "prepare",
        "snapshot",
        "build",
        "backfill",
        "catch-up",
        "erase-patient",
        "rotate-key",
    }
    assert "doctor" in typed and not inside & set(typed)


def test_what_a_job_is_told_to_run_instead_is_a_command_of_ours():
    told = [words for line in LINES for words in re.findall(r"gcloud run jobs execute \S+ .*--args=(\S+)", line)]
    assert told
    for command, *options in (words.split(",") for words in told):
        known = {option for parameter in get_command(app).commands[command].params for option in parameter.opts}
        assert {option.split("=")[0] for option in options} <= known


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {words[0] for words in commands("make")}
    assert {"smoke", "setup", "tables", "test-fast"} <= told <= targets


@pytest.mark.parametrize("pattern", NAMED)
def test_every_name_in_another_tools_command_is_one_of_ours(pattern):
    told = set(re.findall(pattern, "\n".join(LINES)))
    assert told and told <= set(NAMED[pattern]), told - set(NAMED[pattern])


def test_every_terraform_address_variable_and_output_exists():
    terraform = Configuration()
    keys = {f"{item.kind}.{item.name}": terraform.keys(item.body.get("for_each", "")) for item in terraform.resources()}
    lines = [" ".join(words) for words in commands("terraform")]
    assert all(line.startswith("-chdir=deploy/terraform ") for line in lines) and len(lines) > 8
    text = "\n".join(lines)
    for address, key in re.findall(r"(google_\w+\.\w+)(?:\[\"?(\w+)\"?\])?", text):
        assert address in keys and (not key or key in keys[address]), address
    assert set(re.findall(r"-var=(\w+)=", text)) <= set(terraform.variables)
    outputs = {name for block in terraform.blocks("output") for name in block}
    assert set(re.findall(r" output (\w+)", text)) <= outputs and " output dashboards" in text


def test_variables_that_a_command_needs_are_set_or_told_before():
    told = {"JOB", "VERSION", "OLD_VERSION", "PATIENT_ID", "BILLING_ACCOUNT"}  # read from the command before, or yours
    for name in ("google_cloud.md", "runbooks.md"):
        blocks = TO_TYPE[name]
        exported = set(re.findall(r"^export (\w+)=", blocks, re.MULTILINE))
        assert set(re.findall(r"\$(\w+)", blocks)) <= exported | told, name


def test_every_trouble_has_its_section_with_commands_and_alerts_lead_there():
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGES["runbooks.md"], re.M | re.S))
    assert [title.lower() for title in sections] == list(TOPICS)
    assert all("```\n" in text and "Over when" in text for text in sections.values())
    led = set(re.findall(r'runbook = "([\w-]+)"|runbooks\.md#([\w-]+)', Configuration().texts["monitoring.tf"]))
    assert {one or other for one, other in led} <= {title.replace(" ", "-") for title in TOPICS}


def test_sql_of_the_runbooks_runs(make_warehouse):
    warehouse = make_warehouse()
    statements = [words[1] for words in commands("pbm360") if words[0] == "query"]
    assert len(statements) >= 4
    for statement in statements:
        warehouse.query(statement)


def test_links_between_the_pages_lead_somewhere():
    for name, text in PAGES.items():
        for target in re.findall(r"\]\(([\w./-]+\.md)\)", text):
            assert (ROOT / "docs" / target).is_file(), (name, target)
