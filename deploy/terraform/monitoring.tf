# Whom alerts are told to, what raises them, and one page that shows it all. Each alert names its runbook.
resource "google_monitoring_notification_channel" "people" {
  display_name = "PBM Logistics 360"
  type         = "email"
  labels       = { email_address = var.alert_address }

  depends_on = [google_project_service.enabled]
}

# The schedule writes a line `ALERT {...}` for a task that failed for good or a run that is late
# (dags/pbm360_schedule/alerts.py); its members become labels.
resource "google_logging_metric" "schedule_alerts" {
  name        = "pbm360/schedule_alerts"
  description = "Tasks of the schedule that failed for good, and runs that missed their deadline"
  filter      = "resource.type=\"cloud_composer_environment\" AND textPayload=~\"ALERT \\{\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    labels {
      key        = "alert"
      value_type = "STRING"
    }

    labels {
      key        = "dag"
      value_type = "STRING"
    }

    labels {
      key        = "task"
      value_type = "STRING"
    }
  }

  label_extractors = {
    alert = "REGEXP_EXTRACT(textPayload, \"\\\"alert\\\": \\\"([a-z_]+)\\\"\")"
    dag   = "REGEXP_EXTRACT(textPayload, \"\\\"dag\\\": \\\"([a-z_]+)\\\"\")"
    task  = "REGEXP_EXTRACT(textPayload, \"\\\"task\\\": \\\"([a-z_]+)\\\"\")"
  }
}

locals {
  schedule_metric = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.schedule_alerts.name}\" AND resource.type=\"cloud_composer_environment\""
  stream          = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=\"${google_pubsub_subscription.orders_events_stream.name}\""
  dead_letters    = "metric.type=\"pubsub.googleapis.com/topic/send_message_operation_count\" AND resource.type=\"pubsub_topic\" AND resource.label.topic_id=\"${google_pubsub_topic.orders_dead_letter.name}\""
  received        = "metric.type=\"pubsub.googleapis.com/topic/send_message_operation_count\" AND resource.type=\"pubsub_topic\" AND resource.label.topic_id=\"${google_pubsub_topic.orders_events.name}\""
  watermark       = "metric.type=\"dataflow.googleapis.com/job/data_watermark_age\" AND resource.type=\"dataflow_job\" AND resource.label.job_name=\"pbm360-speed-layer\""
  pages           = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND resource.label.service_name=starts_with(\"pbm360-\")"
  database_disk   = "metric.type=\"cloudsql.googleapis.com/database/disk/utilization\" AND resource.type=\"cloudsql_database\""

  alerts = {
    backlog = {
      title     = "Events wait: the stream does not read, or not fast enough", runbook = "stuck-stream"
      filter    = local.stream, aligner = "ALIGN_MAX", period = 60, reducer = "REDUCE_MAX"
      threshold = 300, seconds = 300, severity = "CRITICAL"
    }
    freshness = {
      title     = "Live is not fresh: the stream's watermark is old", runbook = "stuck-stream"
      filter    = local.watermark, aligner = "ALIGN_MAX", period = 60, reducer = "REDUCE_MAX"
      threshold = 600, seconds = 600, severity = "CRITICAL"
    }
    stale = {
      title     = "The stream's heartbeats are too old", runbook = "stuck-stream"
      filter    = "${local.schedule_metric} AND metric.label.dag=\"speed_layer\"", aligner = "ALIGN_DELTA", period = 300, reducer = "REDUCE_SUM"
      threshold = 0, seconds = 0, severity = "CRITICAL"
    }
    dead_letters = {
      title     = "Many messages are refused", runbook = "schema-change"
      filter    = local.dead_letters, aligner = "ALIGN_DELTA", period = 3600, reducer = "REDUCE_SUM"
      threshold = var.dead_letters_per_hour, seconds = 0, severity = "WARNING"
    }
    failed_gate = {
      title     = "A gate is shut: the day is not published", runbook = "failed-gate"
      filter    = "${local.schedule_metric} AND metric.label.dag=\"daily_medallion\"", aligner = "ALIGN_DELTA", period = 300, reducer = "REDUCE_SUM"
      threshold = 0, seconds = 0, severity = "CRITICAL"
    }
    snapshot = {
      title     = "Order management has no snapshot of the day", runbook = "late-feed"
      filter    = "${local.schedule_metric} AND metric.label.dag=\"nightly_order_management_snapshot\"", aligner = "ALIGN_DELTA", period = 300, reducer = "REDUCE_SUM"
      threshold = 0, seconds = 0, severity = "WARNING"
    }
    dashboards = {
      title     = "The dashboards answer with errors", runbook = "bad-deploy"
      filter    = "${local.pages} AND metric.label.response_code_class=\"5xx\"", aligner = "ALIGN_DELTA", period = 300, reducer = "REDUCE_SUM"
      threshold = 5, seconds = 0, severity = "WARNING"
    }
    database = {
      title     = "The order-management database's disk is nearly full", runbook = "late-feed"
      filter    = local.database_disk, aligner = "ALIGN_MAX", period = 300, reducer = "REDUCE_MAX"
      threshold = 0.85, seconds = 600, severity = "WARNING"
    }
  }

  charts = {
    "Events published per minute"            = { filter = local.received, aligner = "ALIGN_RATE" }
    "Oldest event that waits, seconds"       = { filter = local.stream, aligner = "ALIGN_MAX" }
    "Age of the stream's watermark, seconds" = { filter = local.watermark, aligner = "ALIGN_MAX" }
    "Messages refused per second"            = { filter = local.dead_letters, aligner = "ALIGN_RATE" }
    "Failed tasks and late runs"             = { filter = local.schedule_metric, aligner = "ALIGN_DELTA" }
    "Requests to the dashboards per second"  = { filter = local.pages, aligner = "ALIGN_RATE" }
    "Disk of the order-management database"  = { filter = local.database_disk, aligner = "ALIGN_MAX" }
  }
}

resource "google_monitoring_alert_policy" "alert" {
  for_each = local.alerts

  display_name          = each.value.title
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = [google_monitoring_notification_channel.people.id]

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = "${each.value.seconds}s"

      aggregations {
        alignment_period     = "${each.value.period}s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
      }

      trigger {
        count = 1
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.title}. What to type: docs/runbooks.md#${each.value.runbook}"
  }
}

# Silence is an alert as well: a feed of a working pharmacy does not stop for two hours.
resource "google_monitoring_alert_policy" "no_events" {
  display_name          = "No events come: every feed is silent"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = [google_monitoring_notification_channel.people.id]

  conditions {
    display_name = "no message published for two hours"

    condition_absent {
      filter   = local.received
      duration = "7200s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "No source has published an event for two hours. What to type: docs/runbooks.md#late-feed"
  }
}

resource "google_monitoring_dashboard" "workbench" {
  dashboard_json = jsonencode({
    displayName = "PBM Logistics 360"
    mosaicLayout = {
      columns = 12
      tiles = [
        for number, title in keys(local.charts) : {
          xPos   = (number % 2) * 6
          yPos   = floor(number / 2) * 4
          width  = 6
          height = 4
          widget = {
            title = title
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter      = local.charts[title].filter
                    aggregation = { alignmentPeriod = "60s", perSeriesAligner = local.charts[title].aligner }
                  }
                }
              }]
            }
          }
        }
      ]
    }
  })

  depends_on = [google_project_service.enabled]
}
