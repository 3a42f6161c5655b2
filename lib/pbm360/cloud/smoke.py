"""Prove on a real account what nothing else can: `make smoke PROJECT=...`.

The tests stand in docs/unproven.md, by risk, with what each leaves open; a test holds both lists together. They read,
but for `event lands`, which publishes one message that is refused and touches no order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from google.api_core.exceptions import GoogleAPIError
from requests.exceptions import RequestException

from pbm360.broker import BrokerError
from pbm360.cloud import smoke_data, smoke_services
from pbm360.cloud.api import Api, CredentialsError
from pbm360.cloud.findings import FINE, NOTE, Finding, unknown
from pbm360.settings import Settings, SettingsError, load_settings

SMOKE: dict[str, Callable[[Api, Settings], Finding]] = {  # by risk: what most likely fails, or costs most, comes first
    "plan is empty": smoke_services.plan_is_empty,
    "stream job runs": smoke_services.stream_job_runs,
    "event lands": smoke_data.event_lands,
    "statements": smoke_data.statements_are_accepted,
    "composer took packages": smoke_services.composer_took_packages,
    "day is published": smoke_data.day_is_published,
    "database takes IAM": smoke_services.database_takes_iam,
    "queries cost little": smoke_data.queries_cost_little,
    "proxy asks": smoke_services.proxy_asks,
    "identifiers are guarded": smoke_data.identifiers_are_guarded,
    "stream beats": smoke_data.stream_beats,
    "alerts are on": smoke_services.alerts_are_on,
    "delivery succeeded": smoke_services.delivery_succeeded,
    "images are there": smoke_services.images_are_there,
    "bronze is filtered": smoke_data.bronze_is_filtered,
    "erasure is final": smoke_data.erasure_is_final,
}
EXIT_FAILED, EXIT_NOT_POSSIBLE = 1, 3


def run_smoke(settings: Settings, api: Api, tell: Callable[[Finding], object] = lambda finding: None) -> list[Finding]:
    """Run every smoke test in turn; one that fails stops no other."""
    findings = []
    for name, test in SMOKE.items():
        try:
            finding = test(api, settings)
        except (GoogleAPIError, BrokerError, RequestException, SettingsError, KeyError, OSError) as error:
            finding = unknown("smoke", name, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
        tell(finding)
        findings.append(finding)
    return findings


def tell_finding(finding: Finding) -> None:
    """Print pass, fail or not run, and what next."""
    word = {"fine": "pass", "note": "pass, but", "missing": "FAIL"}.get(finding.state, "not run")
    print(f"{word:<9} {finding.name}: {finding.detail}")
    if finding.mend:
        print(f"          next: {finding.mend}")


def main() -> int:
    """Run against the project of the settings; returns the exit code: 0 all pass, 1 one fails, 3 one did not run."""
    try:
        settings = load_settings()
        if settings.target != "gcp":
            raise SettingsError("smoke tests are for Google Cloud: `make smoke PROJECT=your-project`")
        api = Api(settings.project)
        print(f"smoke tests of {settings.project} as {api.account or 'this account'}", flush=True)
    except (CredentialsError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_NOT_POSSIBLE
    states = {finding.state for finding in run_smoke(settings, api, tell_finding)}
    return EXIT_FAILED if "missing" in states else 0 if states <= {FINE, NOTE} else EXIT_NOT_POSSIBLE


if __name__ == "__main__":
    sys.exit(main())
