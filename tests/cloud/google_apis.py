"""A server on loopback that answers as Google's APIs do, from a picture of a project that a test can spoil."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from pbm360.cloud import resources
from pbm360.settings import Settings

PROJECT, REGION = "my-project", "us-central1"
ACCOUNT = f"pbm360-build@{PROJECT}.iam.gserviceaccount.com"
SERVICES = ("bigquery", "pubsub", "secretmanager", "storage", "cloudresourcemanager", "serviceusage", "iam", "sqladmin")
SERVICES += ("run", "artifactregistry", "composer", "dataflow", "monitoring", "cloudbuild", "logging")


def whole_project(settings: Settings) -> dict[str, dict]:
    """Return what each path answers where nothing is missing; a path that is absent answers 404."""
    place = f"projects/{PROJECT}/locations/{REGION}"
    paths: dict[str, dict] = {
        f"/cloudresourcemanager/v3/projects/{PROJECT}": {"name": "projects/123", "state": "ACTIVE"},
        f"/composer/v1/{place}/environments/pbm360": {"state": "RUNNING", "config": {"softwareConfig": {}}},
        f"/dataflow/v1b3/{place}/jobs": {"jobs": [{"name": "pbm360-speed-layer", "currentState": "JOB_STATE_RUNNING"}]},
        f"/artifactregistry/v1/{place}/repositories/pbm360": {"format": "DOCKER"},
        f"/run/v2/{place}/workerPools/pbm360-relay": {"name": "pbm360-relay"},
        f"/storage/storage/v1/b/{PROJECT}-pbm360-dataflow/o/templates%2Fspeed_layer.json": {"size": "1"},
        f"/sqladmin/v1/projects/{PROJECT}/instances/{resources.DATABASE_INSTANCE}": {
            "state": "RUNNABLE",
            "ipAddresses": [],
            "settings": {
                "activationPolicy": "ALWAYS",
                "databaseFlags": [{"name": "cloudsql.iam_authentication", "value": "on"}],
                "ipConfiguration": {"ipv4Enabled": False},
            },
        },
    }
    for name in resources.DASHBOARDS:
        paths[f"/run/v2/{place}/services/{name}"] = {"iapEnabled": True, "uri": f"https://{name}.run.app"}
    for name in resources.JOBS:
        paths[f"/run/v2/{place}/jobs/{name}"] = {"name": name}
    for name in resources.buckets(settings):
        paths[f"/storage/storage/v1/b/{name}"] = {"name": name}
    for name in resources.COMPONENTS:
        email = resources.account(settings, name)
        paths[f"/iam/v1/projects/{PROJECT}/serviceAccounts/{email}"] = {"email": email}
    for name in (*resources.SECRETS.values(), resources.ERASURE_REQUEST):
        path = f"/secretmanager/v1/projects/{PROJECT}/secrets/{name}"
        paths |= {path: {"name": name}, f"{path}/versions": {"versions": [{"state": "ENABLED"}]}}
    for topic, subscription in resources.topics(settings).items():
        paths[f"/pubsub/v1/projects/{PROJECT}/topics/{topic}"] = {"name": topic}
        paths[f"/pubsub/v1/projects/{PROJECT}/subscriptions/{subscription}"] = {
            "topic": f"projects/{PROJECT}/topics/{topic}"
        }
    for dataset in resources.datasets(settings):
        path = f"/bigquery/bigquery/v2/projects/{PROJECT}/datasets/{dataset}"
        tables = [name.partition(".")[2] for name in resources.tables(settings) if name.startswith(f"{dataset}.")]
        listed = {"tables": [{"tableReference": {"tableId": name}} for name in tables]} if tables else {}
        about = {"datasetReference": {"projectId": PROJECT, "datasetId": dataset}, "location": "US"}
        paths |= {path: about | {"maxTimeTravelHours": "48"}, f"{path}/tables": listed}
    return paths


class GoogleApis:
    """The server: `paths` is what GET answers, `denied` the permissions that are not given, `disabled` the APIs off."""

    def __init__(self, settings: Settings):
        self.paths = whole_project(settings)
        self.denied: set[str] = set()
        self.disabled: set[str] = set()
        self.statuses: dict[str, int] = {}  # paths that answer with a status and nothing else
        self.forbidden = ""  # a path that begins so answers 403
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        apis = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                apis.answer(self, {})

            def do_POST(self):
                apis.answer(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def log_message(self, *parts):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def variables(self, home: str) -> dict[str, str]:
        """Return the environment of a process on a machine of Google's whose APIs are these."""
        overrides = {
            f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name.upper()}": f"http://{self.address}/{name}" for name in SERVICES
        }
        metadata = dict.fromkeys(("GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP"), self.address)
        return overrides | metadata | {"HOME": home, "CLOUDSDK_CONFIG": home}

    def answer(self, request: BaseHTTPRequestHandler, body: dict) -> None:
        """Answer one request."""
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        self.asked.append(path)
        if path.startswith("/computeMetadata") or path == "/":
            return self._send(request, 200, *metadata(path))
        self.tokens.add(request.headers.get("Authorization", ""))
        if path in self.statuses:
            return self._send(request, self.statuses[path], {})
        if self.forbidden and path.startswith(self.forbidden):
            return self._send(request, 403, {"error": {"message": "Permission denied on resource"}})
        if path.endswith(":testIamPermissions"):
            return self._send(request, 200, {"permissions": [p for p in body["permissions"] if p not in self.denied]})
        if path.endswith("/services:batchGet"):
            states = [
                {"name": name, "state": "DISABLED" if name.rpartition("/")[2] in self.disabled else "ENABLED"}
                for name in query["names"]
            ]
            return self._send(request, 200, {"services": states})
        found = self.paths.get(path)
        missing = {"error": {"code": 404, "message": "not found"}}
        return self._send(request, 404 if found is None else 200, missing if found is None else found)

    @staticmethod
    def _send(request: BaseHTTPRequestHandler, status: int, answer) -> None:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        request.send_response(status)
        request.send_header("Metadata-Flavor", "Google")
        request.send_header("Content-Type", "text/plain" if isinstance(answer, str) else "application/json")
        request.send_header("Content-Length", str(len(text.encode())))
        request.end_headers()
        request.wfile.write(text.encode())

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()


def metadata(path: str) -> tuple:
    """Return what the metadata server of a machine answers."""
    if path.endswith("/token"):
        return ({"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"},)
    if re.search(r"/project/project-id/?$", path):
        return (PROJECT,)
    if path.endswith("universe-domain"):
        return ("googleapis.com",)
    return ({"email": ACCOUNT, "scopes": [], "aliases": ["default"]},) if "service-accounts" in path else ("",)
