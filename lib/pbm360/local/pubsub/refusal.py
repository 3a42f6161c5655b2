"""A request that is refused: the status code that the service would give, and what is wrong."""

from __future__ import annotations

import grpc


class Refusal(Exception):
    """Carries the gRPC status code and a text that names the value and what was expected."""

    def __init__(self, code: grpc.StatusCode, text: str):
        super().__init__(text)
        self.code = code
        self.text = text


def invalid(text: str) -> Refusal:
    """Refuse a request that is wrong by itself."""
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, text)


def not_found(kind: str, name: str) -> Refusal:
    """Refuse a request about a resource that isn't there."""
    return Refusal(grpc.StatusCode.NOT_FOUND, f"{kind} not found (resource={name})")


def already_exists(kind: str, name: str) -> Refusal:
    """Refuse to create what stands already."""
    return Refusal(grpc.StatusCode.ALREADY_EXISTS, f"{kind} already exists (resource={name})")


def unimplemented(what: str) -> Refusal:
    """Refuse, by its name, what the real service can do and this one can't."""
    return Refusal(grpc.StatusCode.UNIMPLEMENTED, f"{what} is not supported by the laptop's Pub/Sub")
