"""Log-in to Cloud SQL by IAM: the process's account from a metadata server becomes a user of a real PostgreSQL."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pbm360.oms import database

ACCOUNT = "pbm360-relay@my-project.iam.gserviceaccount.com"
USER = "pbm360-relay@my-project.iam"


class MetadataServer(BaseHTTPRequestHandler):
    """Answers what a machine of Google's is told of itself."""

    asked: list[str] = []

    def do_GET(self):
        """Answer by the path."""
        self.asked.append(self.path)
        account = {"email": ACCOUNT, "scopes": [], "aliases": ["default"]}
        token = {"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"}
        answers = {"token": token, "project-id": "my-project", "universe-domain": "googleapis.com"}
        path = self.path.split("?")[0].rstrip("/")
        answer = answers.get(path.rsplit("/", 1)[-1], account if "service-accounts" in path else "")
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(200)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", "text/plain" if isinstance(answer, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *parts):
        """Say nothing."""


LOGIN = "import json, sys; from pbm360.oms import database; print(json.dumps(database.iam_login(sys.argv[1])))"
CONNECT = """
from pbm360 import settings
from pbm360.oms import database
with database.connect(settings.load_settings()) as connection:
    print(connection.execute("select current_user as name").fetchone()["name"])
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """Return a function that runs Python on a machine of Google's."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), MetadataServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_port}"
    variables = dict.fromkeys(("GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP"), address)
    variables["CLOUDSDK_CONFIG"] = variables["HOME"] = str(tmp_path_factory.mktemp("home"))

    def run(script: str, *arguments: str, **more: str) -> str:
        command = [sys.executable, "-c", script, *arguments]
        return subprocess.run(command, env=variables | more, capture_output=True, text=True, check=True).stdout

    yield run
    server.shutdown()
    server.server_close()


def test_the_processs_own_account_is_the_user_and_its_token_the_password(machine):
    login = json.loads(machine(LOGIN, "host=10.0.0.3 dbname=order_management"))
    assert login == {"user": USER, "password": "a-token"}
    assert any("sqlservice.login" in path for path in MetadataServer.asked)


def test_a_password_in_the_address_counts():
    assert database.iam_login("host=10.0.0.3 user=someone password=given") == {}


def test_a_connection_on_gcp_is_that_users(machine, stack_settings):
    with psycopg.connect(stack_settings.oms_dsn, autocommit=True) as owner:
        if not owner.execute("select 1 from pg_roles where rolname = %s", (USER,)).fetchall():
            owner.execute(f'create role "{USER}" login')
    given = conninfo_to_dict(stack_settings.oms_dsn)
    dsn = make_conninfo(**{name: value for name, value in given.items() if name not in ("user", "password")})
    settings = {"PBM360_TARGET": "gcp", "PBM360_PROJECT": "my-project", "PBM360_OMS_DSN": dsn}
    assert machine(CONNECT, **settings).strip() == USER
