"""Write the event's envelope and data as a protocol buffer, which Pub/Sub holds as the sources' contract.

`python -m pbm360.cloud.event_schema` writes `deploy/terraform/order_event.proto` from `domain/data/fields.csv`. A
field's number is its line there, so fields are added at the end.
"""

from __future__ import annotations

from pathlib import Path

from pbm360.domain import rules

OUTPUT = Path(__file__).parents[3] / "deploy" / "terraform" / "order_event.proto"
ENVELOPE = (
    ("specversion", "1.0"),
    ("id", "the source's own id of the event; (source, id) is the event"),
    ("source", "the system that sends it"),
    ("type", "what happened, e.g. prior_authorization_decided"),
    ("time", "when it happened, RFC 3339 with an offset"),
    ("subject", "the order"),
    ("dataschema", "order-event/1 (where absent) or order-event/2"),
)
TYPES = {"boolean": "bool", "numeric": "double", "integer": "int64"}  # the other kinds are text
TEXTS = (  # read by code of their own, or kept in bronze alone
    ("patient_id", "an identifier; bronze and the vault alone hold it"),
    ("tracking_number", "an identifier; bronze alone holds it"),
    ("pa_id", "the payer's id of a prior authorization; bronze alone holds it"),
)


def event_schema() -> str:
    """Return the text of the schema."""
    fields = rules.read_table("fields")
    lines = [
        'syntax = "proto3";',
        "",
        "// One event of an order: a CloudEvents 1.0 envelope in JSON. Made by pbm360.cloud.event_schema.",
        "message OrderEvent {",
        *(f"  string {name} = {number};  // {meaning}" for number, (name, meaning) in enumerate(ENVELOPE, 1)),
        f"  Data data = {len(ENVELOPE) + 1};",
        "",
        "  message Data {",
        *(f"    string {name} = {number};  // {meaning}" for number, (name, meaning) in enumerate(TEXTS, 1)),
    ]
    for number, field in enumerate(fields, 11):
        kind = TYPES.get(field["kind"], "string")
        lines.append(f"    optional {kind} {field['field']} = {number};{_note(field)}")
        if field["renamed_to"]:
            lines.append(f"    optional {kind} {field['renamed_to']} = {number + 500};  // its name in order-event/2")
    return "\n".join([*lines, "  }", "}", ""])


def _note(field: dict[str, str]) -> str:
    bounds = f"{field['minimum']} to {field['maximum']}" if field["maximum"] else ""
    since = f"since order-event/{field['first_version']}" if field["first_version"] != "1" else ""
    notes = ", ".join(part for part in (bounds, since) if part)
    return f"  // {notes}" if notes else ""


def write_schema() -> None:
    """Write the schema for Terraform."""
    OUTPUT.write_text(event_schema())


if __name__ == "__main__":
    write_schema()
