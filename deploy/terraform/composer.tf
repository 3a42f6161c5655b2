# Composer 3. Tasks run in pods of its own cluster from the project's image, so the environment itself needs no package but
# the providers that the DAGs import (the one of Beam is asked for by Google's operators of Dataflow); no version, so that
# those that Composer brings stay.
locals {
  composer_packages = jsondecode(file("${path.module}/composer_packages.json"))
}

resource "google_composer_environment" "schedule" {
  name   = "pbm360"
  region = var.region

  config {
    environment_size           = var.composer_size
    enable_private_environment = true
    enable_private_builds_only = false # the providers come from PyPI

    node_config {
      network         = google_compute_network.pbm360.id
      subnetwork      = google_compute_subnetwork.pbm360.id
      service_account = google_service_account.component["composer"].email
    }

    software_config {
      image_version = var.composer_image
      pypi_packages = local.composer_packages

      # PBM360_PSEUDONYM_KEY and PBM360_OMS_DSN come as the Kubernetes secret `pbm360`, which the guide makes.
      env_variables = merge(local.settings, {
        PBM360_EXECUTOR        = "pod"
        PBM360_IMAGE           = "${local.images}/notebooks:${var.image_tag}"
        PBM360_RUNS            = local.runs
        PBM360_FLEX_TEMPLATE   = local.template
        PBM360_DATAFLOW_REGION = var.region
      }, var.alert_url == "" ? {} : { PBM360_ALERT_URL = var.alert_url })

      airflow_config_overrides = {
        "core-dags_are_paused_at_creation"      = "True"
        "webserver-rbac_user_registration_role" = "Viewer"
      }
    }

    workloads_config {
      scheduler {
        cpu        = 1
        memory_gb  = 4
        storage_gb = 2
        count      = 1
      }

      dag_processor {
        cpu        = 1
        memory_gb  = 4
        storage_gb = 2
        count      = 1
      }

      triggerer {
        cpu       = 0.5
        memory_gb = 1
        count     = 1
      }

      web_server {
        cpu        = 1
        memory_gb  = 4
        storage_gb = 2
      }

      worker {
        cpu        = 1
        memory_gb  = 4
        storage_gb = 4
        min_count  = 1
        max_count  = 3
      }
    }

    data_retention_config {
      airflow_metadata_retention_config {
        retention_mode = "RETENTION_MODE_ENABLED"
        retention_days = 90
      }
    }

    maintenance_window {
      start_time = "2026-01-03T08:00:00Z" # after the daily build of 06:00 UTC
      end_time   = "2026-01-03T14:00:00Z"
      recurrence = "FREQ=WEEKLY;BYDAY=SA,SU"
    }
  }

  depends_on = [google_project_iam_member.component, google_service_account_iam_member.starts]
}
