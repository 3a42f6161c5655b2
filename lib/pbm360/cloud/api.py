"""Ask Google's REST APIs as the process's own account: short timeouts, no repetition, never a prompt.

The address of an API can be another one, as gcloud has it: `CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB=http://...`.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cached_property, partial

import google.auth
import requests
from google.auth import exceptions
from google.auth.transport.requests import AuthorizedSession, Request

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TIMEOUT_SECONDS = (5, 20)  # to connect, to answer
METADATA_SECONDS = 1.0  # a laptop is no machine of Google's, which must not take a minute to find out
OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"


class CredentialsError(RuntimeError):
    """There are no credentials, or they give no token; the text says what to type."""


@dataclass(frozen=True)
class Answer:
    """What an API answered: HTTP status and the parsed body; `message` is the API's own word on an error."""

    status: int
    body: dict

    @property
    def is_ok(self) -> bool:
        """Whether it is what was asked for."""
        return self.status == 200

    @property
    def is_missing(self) -> bool:
        """Whether the thing does not exist."""
        return self.status == 404

    @property
    def message(self) -> str:
        """What went wrong, in one line."""
        error = self.body.get("error", {})
        text = error.get("message", "") if isinstance(error, dict) else str(error)
        return " ".join(f"HTTP {self.status} {text}".split())


class Api:
    """Google's APIs for one project, asked with credentials that have a token: those given, else the process's own."""

    def __init__(self, project: str, credentials=None):
        self.project = project
        self._given = credentials

    @cached_property
    def credentials(self):
        """The credentials, with a fresh token. Raises `CredentialsError`."""
        if self._given:
            return self._given
        if not _is_metadata_server_near():
            os.environ["NO_GCE_CHECK"] = "true"
        try:
            credentials, _ = google.auth.default(scopes=[SCOPE])
        except exceptions.DefaultCredentialsError as error:
            raise CredentialsError("no credentials; type `gcloud auth application-default login`") from error
        try:
            credentials.refresh(partial(Request(), timeout=TIMEOUT_SECONDS[1]))
        except exceptions.GoogleAuthError as error:
            reason = type(error).__name__  # its text may hold the token's request
            raise CredentialsError(
                f"credentials give no token ({reason}); is there a network? else type "
                "`gcloud auth application-default login`"
            ) from error
        return credentials

    @property
    def account(self) -> str:
        """The address of the account, where the credentials tell it."""
        return getattr(self.credentials, "service_account_email", "") or getattr(self.credentials, "account", "")

    def get(self, service: str, path: str, **parameters) -> Answer:
        """Ask for `https://<service>.googleapis.com/<path>`."""
        return self._ask("GET", service, path, params=parameters)

    def post(self, service: str, path: str, body: dict) -> Answer:
        """Send a body to a path; used for questions alone (`:testIamPermissions`, `:getIamPolicy`)."""
        return self._ask("POST", service, path, json=body)

    def _ask(self, method: str, service: str, path: str, **options) -> Answer:
        session = AuthorizedSession(self.credentials)  # one a call: they are not made for threads
        answer = session.request(method, f"{address(service)}/{path}", timeout=TIMEOUT_SECONDS, **options)
        try:
            return Answer(answer.status_code, answer.json() if answer.content else {})
        except requests.exceptions.JSONDecodeError:
            return Answer(answer.status_code, {"error": {"message": answer.reason}})


def _is_metadata_server_near() -> bool:
    host, _, port = os.environ.get("GCE_METADATA_HOST", "169.254.169.254").partition(":")
    try:
        socket.create_connection((host, int(port or 80)), timeout=METADATA_SECONDS).close()
    except OSError:
        return False
    return True


def address(service: str) -> str:
    """Return the address of an API."""
    override = os.environ.get(f"{OVERRIDE}{service.upper()}", "")
    return (override or f"https://{service}.googleapis.com").rstrip("/")
