"""Examine a project on Google Cloud: every check is asked, whatever the others find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from requests.exceptions import RequestException

from pbm360.cloud.api import Api, CredentialsError
from pbm360.cloud.data_checks import check_buckets, check_datasets, check_secrets, check_tables, check_topics
from pbm360.cloud.findings import Finding, fine, missing, unknown
from pbm360.cloud.service_checks import (
    check_accounts,
    check_apis,
    check_database,
    check_permissions,
    check_project,
    check_schedule,
    check_services,
)
from pbm360.settings import Settings

CHECKS: dict[str, Callable[[Api, Settings], Iterator[Finding]]] = {
    "project": check_project,
    "APIs": check_apis,
    "permissions": check_permissions,
    "accounts": check_accounts,
    "datasets": check_datasets,
    "tables": check_tables,
    "topics": check_topics,
    "secrets": check_secrets,
    "buckets": check_buckets,
    "database": check_database,
    "services": check_services,
    "schedule": check_schedule,
}
LOGIN = "gcloud auth application-default login"


def examine(settings: Settings, api: Api | None = None) -> list[Finding]:
    """Run every check at once and return what each found, in the order of the checks.

    Without credentials nothing can be asked: each check then says so.
    """
    api = api or Api(settings.project)
    try:
        findings = [fine("credentials", api.account or "this account")]
    except CredentialsError as error:
        nothing = [unknown(group, group, "not asked: there are no credentials") for group in CHECKS]
        return [missing("credentials", "this account", str(error), LOGIN), *nothing]
    with ThreadPoolExecutor(len(CHECKS)) as pool:
        for found in pool.map(lambda item: _run(*item, api, settings), CHECKS.items()):
            findings += found
    return findings


def _run(group: str, check: Callable, api: Api, settings: Settings) -> list[Finding]:
    """Run one check; what it found before a failure stays."""
    findings: list[Finding] = []
    try:
        for finding in check(api, settings):
            findings.append(finding)
    except RequestException as error:
        findings.append(unknown(group, group, f"no answer: {type(error).__name__}; is there a network?"))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        findings.append(unknown(group, group, f"an answer that is not understood: {type(error).__name__} {error}"))
    return findings
