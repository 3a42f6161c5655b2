"""What the laptop's server can't do it refuses by name; nonsense never stops it."""

from __future__ import annotations

import random

import grpc
import pytest
from google.api_core import exceptions
from google.protobuf import duration_pb2, field_mask_pb2
from google.pubsub_v1 import PublisherClient, SchemaServiceClient
from google.pubsub_v1.services.schema_service.transports import SchemaServiceGrpcTransport

METHODS = [
    f"/google.pubsub.v1.{service}/{method}"
    for service, methods in {
        "Publisher": "CreateTopic UpdateTopic Publish GetTopic ListTopics ListTopicSubscriptions ListTopicSnapshots "
        "DeleteTopic DetachSubscription",
        "Subscriber": "CreateSubscription GetSubscription UpdateSubscription ListSubscriptions DeleteSubscription "
        "ModifyAckDeadline Acknowledge Pull ModifyPushConfig GetSnapshot ListSnapshots CreateSnapshot UpdateSnapshot "
        "DeleteSnapshot Seek",
        "SchemaService": "CreateSchema ValidateMessage",
    }.items()
    for method in methods.split()
]

SUBSCRIPTION_FIELDS = {
    "push_config": {"push_endpoint": "https://example.org/push"},
    "bigquery_config": {"table": "project.dataset.table"},
    "cloud_storage_config": {"bucket": "bucket"},
    "retain_acked_messages": True,
    "filter": 'attributes.source = "oms"',
    "enable_exactly_once_delivery": True,
    "message_transforms": [{"disabled": True}],
    "tags": {"123/environment": "test"},
}
TOPIC_FIELDS = {
    "message_storage_policy": {"allowed_persistence_regions": ["us-east1"]},
    "kms_key_name": "projects/p/locations/l/keyRings/r/cryptoKeys/k",
    "schema_settings": {"schema": "projects/p/schemas/s"},
    "message_retention_duration": duration_pb2.Duration(seconds=3600),
    "ingestion_data_source_settings": {"aws_kinesis": {"stream_arn": "arn"}},
    "message_transforms": [{"disabled": True}],
    "tags": {"123/environment": "test"},
}


@pytest.mark.parametrize("field", SUBSCRIPTION_FIELDS)
def test_a_subscription_field_that_is_not_supported_is_named(laptop, field):
    topic, name = laptop.topic(), laptop.subscription_name()
    request = {"name": name, "topic": topic, field: SUBSCRIPTION_FIELDS[field]}
    with pytest.raises(exceptions.MethodNotImplemented, match=field):
        laptop.subscriber.create_subscription(request=request)
    with pytest.raises(exceptions.NotFound):
        laptop.subscriber.get_subscription(subscription=name)


@pytest.mark.parametrize("field", TOPIC_FIELDS)
def test_a_topic_field_that_is_not_supported_is_named(laptop, field):
    with pytest.raises(exceptions.MethodNotImplemented, match=field):
        laptop.publisher.create_topic(request={"name": laptop.topic_name(), field: TOPIC_FIELDS[field]})


def test_a_subscription_that_would_expire_is_refused_and_one_that_never_does_is_made(laptop):
    topic = laptop.topic()
    with pytest.raises(exceptions.MethodNotImplemented, match="expiration_policy"):
        laptop.subscription(topic, expiration_policy={"ttl": duration_pb2.Duration(seconds=86_400)})
    assert laptop.subscription(topic, expiration_policy={})


def test_updates_of_unsupported_fields_are_refused(laptop):
    name = laptop.subscription(laptop.topic())
    for path in ("push_config", "retain_acked_messages", "filter", "bigquery_config"):
        with pytest.raises(exceptions.MethodNotImplemented, match=path):
            laptop.subscriber.update_subscription(
                subscription={"name": name}, update_mask=field_mask_pb2.FieldMask(paths=[path])
            )


def test_methods_that_are_not_built_are_named(laptop):
    topic = laptop.topic()
    name = laptop.subscription(topic)
    schemas = SchemaServiceClient(transport=SchemaServiceGrpcTransport(channel=grpc.insecure_channel(laptop.endpoint)))
    calls = {
        "ModifyPushConfig": lambda: laptop.subscriber.modify_push_config(subscription=name, push_config={}),
        "CreateSnapshot": lambda: laptop.subscriber.create_snapshot(
            name="projects/pbm-contract/snapshots/snap", subscription=name
        ),
        "snapshot": lambda: laptop.subscriber.seek(
            request={"subscription": name, "snapshot": "projects/pbm-contract/snapshots/snap"}
        ),
        "DetachSubscription": lambda: laptop.publisher.detach_subscription(request={"subscription": name}),
        "ListTopicSnapshots": lambda: list(laptop.publisher.list_topic_snapshots(topic=topic)),
        "ListSchemas": lambda: list(schemas.list_schemas(parent="projects/pbm-contract")),
        "GetIamPolicy": lambda: laptop.publisher.get_iam_policy(request={"resource": topic}),
    }
    for named, call in calls.items():
        with pytest.raises(exceptions.MethodNotImplemented, match=named):
            call()


def test_limits_of_a_message_are_those_of_the_service(laptop):
    topic = laptop.topic()
    wrong = [
        {"data": b"x" * 10_000_001},
        {"data": b"x", "attributes": {"k" * 257: "v"}},
        {"data": b"x", "attributes": {"k": "v" * 1025}},
        {"data": b"x", "attributes": {"": "v"}},
        {"data": b"x", "attributes": {"googclient": "v"}},
        {"data": b"x", "attributes": {f"k{number}": "v" for number in range(101)}},
        {"data": b"x", "ordering_key": "k" * 1025},
        {},
    ]
    api = PublisherClient(transport=laptop.publisher.transport)
    for message in wrong:
        with pytest.raises(exceptions.InvalidArgument, match="message 0|bytes"):
            api.publish(topic=topic, messages=[message])
    largest = {"data": b"x" * 9_900_000, "attributes": {"k" * 256: "v" * 1024}, "ordering_key": "k" * 1024}
    assert api.publish(topic=topic, messages=[largest]).message_ids


def test_an_acknowledgement_of_more_than_half_a_mebibyte_is_refused(laptop):
    name = laptop.subscription(laptop.topic())
    with pytest.raises(exceptions.InvalidArgument, match="524288"):
        laptop.subscriber.acknowledge(subscription=name, ack_ids=["a" * 200] * 2600)


def test_an_ack_id_of_another_subscription_is_refused(laptop):
    topic = laptop.topic()
    first, second = laptop.subscription(topic), laptop.subscription(topic)
    laptop.publish(topic, b"x")
    with pytest.raises(exceptions.InvalidArgument, match="ack ID"):
        laptop.acknowledge(second, laptop.pull(first))
    assert [message.message.data for message in laptop.pull(second)] == [b"x"]


def test_random_bytes_are_refused_and_leave_the_server_well(laptop):
    randomness = random.Random(360)
    channel = grpc.insecure_channel(laptop.endpoint)
    topic = laptop.topic()
    name = laptop.subscription(topic)
    for method in [*METHODS, "/google.pubsub.v1.Publisher/Nonsense", "/nonsense.Service/Method"]:
        call = channel.unary_unary(method)
        for size in (0, 1, 3, 17, 400):
            with pytest.raises(grpc.RpcError) as caught:
                call(randomness.randbytes(size), timeout=10)
            code = caught.value.code()
            assert code in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED), (method, size, code)
    channel.close()
    laptop.publish(topic, b"still here")
    assert [message.message.data for message in laptop.pull(name)] == [b"still here"]
