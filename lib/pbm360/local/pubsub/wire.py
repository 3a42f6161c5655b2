"""Turn requests' bytes into messages and stored messages into responses' bytes.

A stored message is its `PubsubMessage` as it goes over the wire, so a response is joined from stored bytes without
building an object a message: that is what makes pulls quick. Field numbers are those of google/pubsub/v1/pubsub.proto.
"""

from __future__ import annotations

from google.pubsub_v1 import types

PublishRequest = types.PublishRequest.pb()
PublishResponse = types.PublishResponse.pb()
PubsubMessage = types.PubsubMessage.pb()
Topic = types.Topic.pb()
Subscription = types.Subscription.pb()

# field number << 3 | 2: length-delimited; | 0: varint
RECEIVED_MESSAGES = b"\x0a"  # PullResponse.received_messages and StreamingPullResponse.received_messages, 1
ACK_ID = b"\x0a"  # ReceivedMessage.ack_id, 1
MESSAGE = b"\x12"  # ReceivedMessage.message, 2
DELIVERY_ATTEMPT = b"\x18"  # ReceivedMessage.delivery_attempt, 3


def varint(number: int) -> bytes:
    """Encode an unsigned number as protobuf's base-128 varint."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


SHORT_VARINTS = [varint(number) for number in range(1 << 14)]


def length(number: int) -> bytes:
    """Encode a length, most of which are short."""
    return SHORT_VARINTS[number] if number < len(SHORT_VARINTS) else varint(number)


def received_message(ack_id: bytes, message: bytes, delivery_attempt: int) -> bytes:
    """Return one entry of a pull's response; an attempt of 0 is left out, as without a dead-letter policy."""
    tail = DELIVERY_ATTEMPT + length(delivery_attempt) if delivery_attempt else b""
    head = b"%b%b%b%b%b" % (ACK_ID, length(len(ack_id)), ack_id, MESSAGE, length(len(message)))
    return b"%b%b%b%b%b" % (RECEIVED_MESSAGES, length(len(head) + len(message) + len(tail)), head, message, tail)
