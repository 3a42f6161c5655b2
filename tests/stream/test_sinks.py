"""The appender against a server that speaks the Storage Write API and answers as it is told."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pyarrow as pa
import pytest
from google.api_core import exceptions
from google.cloud.bigquery_storage_v1 import types
from google.rpc.status_pb2 import Status

from pbm360.settings import Settings
from pbm360.stream.shared import StopFlag
from pbm360.stream.sinks import TableAppender

METHOD = "/google.cloud.bigquery.storage.v1.BigQueryWrite/AppendRows"
SCHEMA = pa.schema([("name", pa.string()), ("count", pa.int64())])
ROWS = [("a", 1), ("b", None)]
Code = grpc.StatusCode


class WriteServer(grpc.GenericRpcHandler):
    """Answer appends in turn: a code within the stream, one in a tuple as the call's own status, `None` confirms."""

    def __init__(self):
        self.answers: list[Code | tuple[Code] | None] = []
        self.taken: list[dict] = []

    def service(self, details):
        """Take the one method."""
        if details.method != METHOD:
            return None
        return grpc.stream_stream_rpc_method_handler(
            self._append, types.AppendRowsRequest.deserialize, types.AppendRowsResponse.serialize
        )

    def _append(self, requests, context):
        for request in requests:
            answer = self.answers.pop(0) if self.answers else None
            if isinstance(answer, tuple):
                context.abort(*answer, "the call fails")
            if answer:
                yield types.AppendRowsResponse(error=Status(code=answer.value[0], message="the server says so"))
                continue
            schema = pa.ipc.read_schema(pa.py_buffer(request.arrow_rows.writer_schema.serialized_schema))
            batch = pa.ipc.read_record_batch(pa.py_buffer(request.arrow_rows.rows.serialized_record_batch), schema)
            self.taken += batch.to_pylist()
            yield types.AppendRowsResponse(append_result=types.AppendRowsResponse.AppendResult())


@pytest.fixture
def writes():
    """A server and the settings that point at it."""
    handler = WriteServer()
    server = grpc.server(ThreadPoolExecutor(4), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield handler, Settings(bigquery_storage_endpoint=f"127.0.0.1:{port}")
    server.stop(None).wait()


@pytest.mark.parametrize("answer", [Code.RESOURCE_EXHAUSTED, Code.INTERNAL, Code.UNAVAILABLE, (Code.UNAVAILABLE,)])
def test_a_server_without_room_is_waited_for_and_the_rows_come_once_it_has(writes, answer):
    handler, settings = writes
    handler.answers = [answer, answer]
    TableAppender(settings, "live.order_events", SCHEMA, StopFlag()).append(ROWS)
    assert handler.taken == [{"name": "a", "count": 1}, {"name": "b", "count": None}]


def test_rows_that_the_table_refuses_are_told_at_once(writes):
    handler, settings = writes
    handler.answers = [Code.INVALID_ARGUMENT]
    with pytest.raises(exceptions.InvalidArgument, match="order_events/streams/_default: the server says so"):
        TableAppender(settings, "live.order_events", SCHEMA).append(ROWS)
    assert handler.taken == []


def test_one_try_is_one_try(writes):
    handler, settings = writes
    handler.answers = [Code.RESOURCE_EXHAUSTED]
    appender = TableAppender(settings, "ops.heartbeats", SCHEMA)
    with pytest.raises(exceptions.ResourceExhausted):
        appender.try_append(ROWS, 5)
    appender.try_append(ROWS[:1], 5)
    assert handler.taken == [{"name": "a", "count": 1}]
