"""Who may open the second front: the same as the first (`dashboard_access`), asked before anything of it is served.

Each request and each socket passes the gate: on a laptop by the host's name, beyond it by the token that a viewer knows
or by what Identity-Aware Proxy signs. A socket is opened by the front's own pages alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import urllib.parse

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pbm360.dashboard_access import ASSERTION_HEADER, LOOPBACK, NO_PROOF, ProxyIdentityProvider, refuse_open_doors
from pbm360.settings import Settings

HEALTH = "/_stcore/health"  # says "ok" and nothing else, to whoever asks whether the server lives
COOKIE = "pbm360-viewer"
OWN_NAMES = (LOOPBACK, "localhost")
ASK = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>PBM Logistics 360</title>
<body style="font-family:system-ui;max-width:28em;margin:15vh auto;padding:0 1em"><h1>Who is there?</h1>
<p>These dashboards are shown to those who know their token (PBM360_DASHBOARDS_TOKEN).</p>
<form><label>Token <input name="token" type="password" autocomplete="off" required></label> <button>Open</button></form>
</body></html>"""


class Gate:
    """Lets through to `app` what comes from somebody who may look, and answers everything else itself.

    Raises `SettingsError` where the front would stand open to others than the laptop's own user.
    """

    def __init__(self, app: ASGIApp, settings: Settings):
        refuse_open_doors(settings)
        self.app = app
        self.token = "" if settings.iap_audience else settings.dashboards_token
        self.proxy = None
        if settings.iap_audience:
            self.proxy = ProxyIdentityProvider(audience=settings.iap_audience, keys_url=settings.iap_keys_url)
        self.is_local = settings.dashboards_address == LOOPBACK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket, or refuse it."""
        refusal = None
        if scope["type"] in ("http", "websocket") and scope["path"] != HEALTH:
            refusal = await self._refusal(HTTPConnection(scope))
        if refusal is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await refusal(scope, receive, send)
        else:
            await send(
                {"type": "websocket.close", "code": 1008}
            )  # before it was accepted: the handshake fails with 403

    async def _refusal(self, asked: HTTPConnection) -> Response | None:
        host, origin = asked.headers.get("host", ""), asked.headers.get("origin")
        if self.is_local and urllib.parse.urlsplit(f"//{host}").hostname not in OWN_NAMES:
            return Response("These dashboards are served under the laptop's own name alone", 403)
        if asked.scope["type"] == "websocket" and origin is not None and urllib.parse.urlsplit(origin).netloc != host:
            return Response("A socket is opened by the dashboards' own pages alone", 403)
        if self.proxy is not None:
            return await self._refused_by_proxy(asked)
        return self._refused_by_token(asked) if self.token else None

    async def _refused_by_proxy(self, asked: HTTPConnection) -> Response | None:
        try:
            await asyncio.to_thread(self.proxy.verify, asked.headers.get(ASSERTION_HEADER, ""))
        except NO_PROOF:
            return Response("Come through the sign-in page", 401)
        return None

    def _refused_by_token(self, asked: HTTPConnection) -> Response | None:
        known = hmac.new(self.token.encode(), b"viewer", hashlib.sha256).hexdigest()
        if hmac.compare_digest(asked.cookies.get(COOKIE, "").encode(), known.encode()):
            return None
        if not hmac.compare_digest(asked.query_params.get("token", "").encode(), self.token.encode()):
            return HTMLResponse(ASK, 401)
        welcome = RedirectResponse(asked.url.path, 303)  # the token leaves the address
        welcome.set_cookie(COOKIE, known, httponly=True, samesite="lax")
        return welcome
