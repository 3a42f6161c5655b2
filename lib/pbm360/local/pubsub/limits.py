"""The service's own limits and defaults, so that what passes here passes there.

Sources: `quotas` is Pub/Sub's page "Quotas and limits", `reference` the comments of google/pubsub/v1/pubsub.proto,
`names` the page "Guidelines to name a resource". `ours` marks a bound of this server alone.
"""

from __future__ import annotations

MAX_PUBLISH_BYTES = 10_000_000  # quotas: publish request, total size
MAX_PUBLISH_MESSAGES = 1_000  # quotas: publish request, messages
MAX_MESSAGE_BYTES = 10_000_000  # quotas: message size (the data field)
MAX_ATTRIBUTES = 100  # quotas: attributes per message
MAX_ATTRIBUTE_KEY_BYTES = 256  # quotas
MAX_ATTRIBUTE_VALUE_BYTES = 1_024  # quotas
MAX_ORDERING_KEY_BYTES = 1_024  # quotas
MAX_ACKNOWLEDGE_BYTES = 524_288  # quotas: acknowledge and modifyAckDeadline request

MIN_ACK_DEADLINE_SECONDS = 10  # reference: Subscription.ack_deadline_seconds
MAX_ACK_DEADLINE_SECONDS = 600  # reference
DEFAULT_ACK_DEADLINE_SECONDS = 10  # reference: a value of 0 means the default

MIN_RETENTION_SECONDS = 600  # reference: Subscription.message_retention_duration, 10 minutes
MAX_RETENTION_SECONDS = 31 * 86_400  # reference: 31 days
DEFAULT_RETENTION_SECONDS = 7 * 86_400  # reference: 7 days

MIN_DELIVERY_ATTEMPTS = 5  # reference: DeadLetterPolicy.max_delivery_attempts
MAX_DELIVERY_ATTEMPTS = 100  # reference
DEFAULT_DELIVERY_ATTEMPTS = 5  # reference: a value of 0 means the default

DEFAULT_MINIMUM_BACKOFF_SECONDS = 10.0  # reference: RetryPolicy
DEFAULT_MAXIMUM_BACKOFF_SECONDS = 600.0  # reference
MAX_BACKOFF_SECONDS = 600.0  # reference: both between 0 and 600 seconds

MAX_PULL_MESSAGES = 1_000  # ours: the service, too, may return fewer than max_messages
MAX_RESPONSE_BYTES = 8_000_000  # ours: bound on the messages of one response (a larger single message still goes)
PULL_WAIT_SECONDS = 20.0  # ours: "a bounded amount of time" of the reference
PULL_ANSWER_SECONDS = 0.1  # ours: a pull is answered so long before its client gives up
DEFAULT_STREAM_MESSAGES = 10_000  # ours: outstanding on a stream that sets no limit
DEFAULT_STREAM_BYTES = 100_000_000  # ours: outstanding on a stream that sets no limit
MAX_REQUEST_BYTES = 20_000_000  # ours: above the publish limit, so that the refusal can say what is wrong
DEFAULT_PAGE_SIZE = 100  # ours: names in one page of a list
