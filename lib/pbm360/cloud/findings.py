"""What the doctor finds: one line a thing, whether it stands, and the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass

FINE, MISSING, UNKNOWN, NOTE = "fine", "missing", "unknown", "note"
STATES = (FINE, MISSING, UNKNOWN, NOTE)
TERRAFORM = "terraform -chdir=deploy/terraform apply -var-file=$ENVIRONMENT.tfvars"


@dataclass(frozen=True)
class Finding:
    """A thing that was looked at: `state` is fine, missing, unknown (it could not be asked) or note (no fault)."""

    group: str
    name: str
    state: str
    detail: str = ""
    mend: str = ""


def fine(group: str, name: str, detail: str = "") -> Finding:
    """Say that a thing stands."""
    return Finding(group, name, FINE, detail)


def missing(group: str, name: str, detail: str, mend: str) -> Finding:
    """Say that a thing is missing or wrong, and what to type."""
    return Finding(group, name, MISSING, detail, mend)


def unknown(group: str, name: str, detail: str, mend: str = "") -> Finding:
    """Say that a thing could not be asked."""
    return Finding(group, name, UNKNOWN, detail, mend)


def note(group: str, name: str, detail: str, mend: str = "") -> Finding:
    """Say something that is no fault."""
    return Finding(group, name, NOTE, detail, mend)


def apply(*targets: str) -> str:
    """Return the Terraform command that makes resources, all of them where none is named."""
    return " ".join([TERRAFORM, *(f"-target='{target}'" for target in targets)])
