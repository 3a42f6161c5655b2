# The events and the refused messages: settings PBM360_TOPIC, _SUBSCRIPTION, _DEAD_LETTER_TOPIC, _DEAD_LETTER_SUBSCRIPTION.

# What a source should send. It is not bound to the topic: a bound schema refuses a bad message at the door, and then
# bronze could not say what was received.
resource "google_pubsub_schema" "order_event" {
  name       = "order-event"
  type       = "PROTOCOL_BUFFER"
  definition = file("${path.module}/order_event.proto")

  depends_on = [google_project_service.enabled]
}

resource "google_pubsub_topic" "orders_events" {
  # checkov:skip=CKV_GCP_83: encrypted at rest by Google's keys; keys of one's own are the organisation's policy to ask for
  name                       = "orders-events"
  message_retention_duration = "${var.message_days * local.day_seconds}s"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.enabled]
}

resource "google_pubsub_subscription" "orders_events_stream" {
  name                       = "orders-events-stream"
  topic                      = google_pubsub_topic.orders_events.id
  ack_deadline_seconds       = 60
  message_retention_duration = "${var.message_days * local.day_seconds}s"
  retain_acked_messages      = true # so that a seek to an instant replays what was acknowledged, too

  expiration_policy {
    ttl = "" # never
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  # No dead-letter policy: it would put whole payloads, which hold identifiers, on the topic of pointers. The pipeline
  # itself sends refused messages there, with the reason; and what it gathers Dataflow has acknowledged before it is
  # judged, so Pub/Sub would count no crash of ours.
}

resource "google_pubsub_topic" "orders_dead_letter" {
  # checkov:skip=CKV_GCP_83: encrypted at rest by Google's keys; keys of one's own are the organisation's policy to ask for
  name                       = "orders-dead-letter"
  message_retention_duration = "${31 * local.day_seconds}s"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.enabled]
}

resource "google_pubsub_subscription" "orders_dead_letter_review" {
  name                       = "orders-dead-letter-review"
  topic                      = google_pubsub_topic.orders_dead_letter.id
  ack_deadline_seconds       = 60
  message_retention_duration = "${31 * local.day_seconds}s"

  expiration_policy {
    ttl = "" # never
  }
}

resource "google_pubsub_subscription_iam_member" "stream_reads" {
  for_each = toset(["roles/pubsub.subscriber", "roles/pubsub.viewer"])

  subscription = google_pubsub_subscription.orders_events_stream.id
  role         = each.value
  member       = google_service_account.component["stream"].member
}

resource "google_pubsub_topic_iam_member" "stream_refuses" {
  topic  = google_pubsub_topic.orders_dead_letter.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.component["stream"].member
}

resource "google_pubsub_topic_iam_member" "relay_publishes" {
  topic  = google_pubsub_topic.orders_events.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.component["relay"].member
}

# Alerts: settings PBM360_ALERTS_TOPIC, _ALERTS_SUBSCRIPTION. A webhook of one's own is the push endpoint of the
# subscription; without one its receiver pulls.
resource "google_pubsub_topic" "alerts" {
  # checkov:skip=CKV_GCP_83: encrypted at rest by Google's keys; keys of one's own are the organisation's policy to ask for
  name                       = "alerts"
  message_retention_duration = "${local.day_seconds}s"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.enabled]
}

resource "google_pubsub_subscription" "alerts_webhook" {
  name                       = "alerts-webhook"
  topic                      = google_pubsub_topic.alerts.id
  ack_deadline_seconds       = 60
  message_retention_duration = "${local.day_seconds}s"

  expiration_policy {
    ttl = "" # never
  }
}

resource "google_pubsub_topic_iam_member" "composer_alerts" {
  topic  = google_pubsub_topic.alerts.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.component["composer"].member
}
