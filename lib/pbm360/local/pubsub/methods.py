"""Bind the services to gRPC: bytes in and out, refusals as status codes, everything unknown as UNIMPLEMENTED."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import grpc
from google.protobuf.message import DecodeError, Message

from pbm360.local.pubsub.refusal import Refusal, invalid, unimplemented

STREAMS = {"StreamingPull"}


class Methods(grpc.GenericRpcHandler):
    """Finds the method of a call by its path, e.g. `/google.pubsub.v1.Publisher/Publish`."""

    def __init__(self, services: dict[str, object]):
        self._services = services

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """Return the handler of one call."""
        _, service_name, method_name = call.method.split("/", 2)
        service = self._services.get(service_name)
        request_class = service.REQUESTS.get(method_name) if service is not None else None
        if request_class is None:
            return grpc.unary_unary_rpc_method_handler(_refuse(f"{service_name}/{method_name}"))
        method = getattr(service, method_name)
        if method_name in STREAMS:
            return grpc.stream_stream_rpc_method_handler(_stream(method, request_class))
        return grpc.unary_unary_rpc_method_handler(_call(method, request_class))


def _call(method: Callable, request_class: type[Message]) -> Callable:
    async def answer(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
        try:
            response = await method(_parse(request_class, request), context)
        except Refusal as refusal:
            return await context.abort(refusal.code, refusal.text)
        return response if isinstance(response, bytes) else response.SerializeToString()

    return answer


def _stream(method: Callable, request_class: type[Message]) -> Callable:
    async def answer(requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        async def parsed() -> AsyncIterator[Message]:
            async for request in requests:
                yield _parse(request_class, request)

        try:
            async for response in method(parsed(), context):
                yield response
        except Refusal as refusal:
            await context.abort(refusal.code, refusal.text)

    return answer


def _refuse(name: str) -> Callable:
    async def answer(request: bytes, context: grpc.aio.ServicerContext) -> None:
        refusal = unimplemented(name)
        await context.abort(refusal.code, refusal.text)

    return answer


def _parse(request_class: type[Message], request: bytes) -> Message:
    try:
        return request_class.FromString(request)
    except DecodeError as error:
        raise invalid(f"the request is not a valid {request_class.DESCRIPTOR.full_name}: {error}") from error
