"""Who may open the dashboards: anybody on the laptop itself; beyond it, who knows a token or whom a proxy vouches for.

Each browser, or each person whom Identity-Aware Proxy names, is a viewer with a name of their own
(`handler.current_user.username`), by which `dashboard_kernels` knows whose kernel is whose.
"""

from __future__ import annotations

import asyncio
import time

import requests
from google.auth import exceptions, jwt
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.web import HTTPError, RequestHandler
from traitlets import Unicode
from traitlets.config import Config

from pbm360.settings import Settings, SettingsError

LOOPBACK = "127.0.0.1"
ASSERTION_HEADER = "X-Goog-IAP-JWT-Assertion"
ISSUER = "https://cloud.google.com/iap"
ALGORITHM = "ES256"
CLOCK_SKEW_SECONDS = 30
KEYS_KEPT_SECONDS = 3600.0
NO_PROOF = (exceptions.GoogleAuthError, ValueError, KeyError, TypeError)  # what an assertion raises that proves nothing
LEAST_REFRESH_SECONDS = 30.0  # an unknown key id asks for the keys again, but not more often
KEYS_BELIEVED_SECONDS = 24 * 3600.0  # keys that can't be fetched anew are believed for so long
FAILED_PAUSE_SECONDS = 5.0  # between two fetches that fail


class KeysMissing(ValueError):
    """The proxy's public keys can't be had now, and those that are known are too old: nobody can be recognised.

    It is among `NO_PROOF`, so that who knows no better refuses the request as one that proves nobody.
    """


def access(settings: Settings) -> Config:
    """Return the server's configuration of who may come in.

    Raises `SettingsError` where the dashboards would stand open to others than the laptop's own user.
    """
    refuse_open_doors(settings)
    config = Config()
    config.IdentityProvider.cookie_options = {"samesite": "Lax"}
    if settings.iap_audience:
        config.Voila.identity_provider_class = ProxyIdentityProvider
        config.ProxyIdentityProvider.update(audience=settings.iap_audience, keys_url=settings.iap_keys_url)
    elif settings.dashboards_token:
        config.Voila.token = settings.dashboards_token
    return config


def refuse_open_doors(settings: Settings) -> None:
    """Raise `SettingsError` where dashboards would be served beyond the loopback and nobody be asked who it is."""
    is_guarded = settings.iap_audience or settings.dashboards_token
    if settings.dashboards_address != LOOPBACK and not is_guarded:
        wanted = "PBM360_IAP_AUDIENCE (the proxy's)" if settings.target == "gcp" else "PBM360_DASHBOARDS_TOKEN"
        raise SettingsError(
            f"PBM360_DASHBOARDS_ADDRESS={settings.dashboards_address} would show the dashboards to anybody; "
            f"set {wanted}, or serve {LOOPBACK}"
        )


class ProxyIdentityProvider(IdentityProvider):
    """Believes the assertion that Identity-Aware Proxy signs into each request, and nothing else."""

    audience = Unicode(help="what the assertion must have been made for").tag(config=True)
    keys_url = Unicode(help="where the proxy's public keys are, by key id").tag(config=True)
    login_available = False
    logout_available = False

    def __init__(self, **options):
        super().__init__(**options)
        self._keys: dict[str, str] = {}
        self._fetched_at = self._failed_at = float("-inf")

    async def get_user(self, handler: RequestHandler) -> User:
        """Return whom the request's assertion names; refuses the request (401) where it proves nobody, and (503) where
        nothing can be proved for want of the proxy's keys."""
        try:
            claims = await asyncio.to_thread(self.verify, handler.request.headers.get(ASSERTION_HEADER, ""))
        except KeysMissing as error:
            self.log.error("%s", error)
            raise HTTPError(503, reason="The sign-in can not be checked now; try again soon") from None
        except NO_PROOF as error:
            self.log.warning("A request without a valid assertion of the proxy was refused: %s", type(error).__name__)
            raise HTTPError(401, reason="Come through the sign-in page") from None
        return User(username=claims["sub"], name=claims["sub"])

    def verify(self, assertion: str) -> dict:
        """Return the claims of an assertion; raises one of `NO_PROOF` where its key, algorithm, signature, time,
        audience or issuer is not right, and `KeysMissing` where there are no keys to hold it against."""
        header = jwt.decode_header(assertion)
        if header["alg"] != ALGORITHM:
            raise ValueError(f"an assertion is signed with {ALGORITHM}")
        keys = self._keys_with(header["kid"])
        claims = jwt.decode(assertion, keys, audience=self.audience, clock_skew_in_seconds=CLOCK_SKEW_SECONDS)
        if claims["iss"] != ISSUER or not claims["sub"]:
            raise ValueError(f"an assertion is issued by {ISSUER} for somebody")
        return claims

    def _keys_with(self, key_id: str) -> dict[str, str]:
        age = time.monotonic() - self._fetched_at
        if age > KEYS_KEPT_SECONDS or (key_id not in self._keys and age > LEAST_REFRESH_SECONDS):
            self._fetch_keys(key_id)
        return {key_id: self._keys[key_id]}

    def _fetch_keys(self, key_id: str) -> None:
        """Fetch the keys; where that fails, the known ones stand while they are young and have the one asked for."""
        now, error = time.monotonic(), "not asked again yet"
        if now - self._failed_at > FAILED_PAUSE_SECONDS:
            try:
                answer = requests.get(self.keys_url, timeout=10)
                answer.raise_for_status()
                self._keys, self._fetched_at = dict(answer.json()), now
                return
            except (requests.RequestException, ValueError, TypeError) as failure:
                self._failed_at, error = now, type(failure).__name__
                self.log.warning("The proxy's keys could not be fetched: %s", error)
        if key_id not in self._keys or now - self._fetched_at > KEYS_BELIEVED_SECONDS:
            raise KeysMissing(f"no keys of the proxy to check an assertion by ({error}): {self.keys_url}")
