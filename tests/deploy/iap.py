"""Stand in for Identity-Aware Proxy: keys of the test's own at an address of the laptop, assertions signed by them."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.auth import jwt
from google.auth.crypt import es256

AUDIENCE = "/projects/1/locations/us-central1/services/pbm360-command-center"


class Proxy:
    """Signs assertions with a key that it may or may not publish."""

    def __init__(self, key_id: str = "key-1"):
        self.key_id = key_id
        self._key = ec.generate_private_key(ec.SECP256R1())

    def public_key(self) -> str:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    def assertion(self, **claims) -> str:
        """Sign an assertion as the proxy would; `claims` take the place of its own, None leaves one out."""
        now = int(time.time())
        own = {"iss": "https://cloud.google.com/iap", "aud": AUDIENCE, "iat": now, "exp": now + 600}
        own |= {"sub": "accounts.google.com:1", "email": "lead@example.com"}
        kept = {key: value for key, value in (own | claims).items() if value is not None}
        return jwt.encode(es256.ES256Signer(self._key, self.key_id), kept).decode()


@contextmanager
def published(*proxies: Proxy) -> Iterator[str]:
    """Serve the proxies' public keys; yields their address."""
    keys = json.dumps({proxy.key_id: proxy.public_key() for proxy in proxies}).encode()

    class Keys(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(keys)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/public_key"
    server.shutdown()
    server.server_close()
