# The dashboards behind Identity-Aware Proxy; the outbox's relay; jobs that people or a delivery start.
locals {
  dashboards = {
    # Viewers' kernels live in the instance's memory: one instance, its CPU always on, never scaled to zero or to two.
    # 120 MB a viewer were measured (docs/benchmarks.md), with 2 GiB for the server and its warm kernels.
    command-center = {
      arguments = ["pbm360", "dashboards", "--port", "8080"]
      memory    = "${2 + ceil(var.kernel_budget * 0.16)}Gi"
      cpu       = var.kernel_budget > 80 ? "8" : "4"
      requests  = min(var.kernel_budget * 4, 1000) # a viewer holds a websocket and asks for a few files at the start
      probe     = "/voila/static/favicon.svg"
    }

    # The same picture for many who only look: one process for all of them, some MB a viewer, and its own reader.
    streamlit = {
      arguments = ["pbm360", "streamlit", "--port", "8080"]
      memory    = "4Gi"
      cpu       = "2"
      requests  = 1000
      probe     = "/_stcore/health"
    }
  }

  # A job is started by hand (docs/runbooks.md) or by a delivery. What a secret holds comes as a variable, or as a file
  # where it names a patient: a variable would be shown with the execution.
  jobs = {
    prepare = {
      account   = "prepare"
      command   = ["pbm360"]
      arguments = ["prepare"]
      variables = { PBM360_OMS_DSN = "pbm360-oms-dsn" }
      files     = {}
      timeout   = "900s"
    }

    catch-up = {
      account   = "composer"
      command   = ["pbm360"]
      arguments = ["catch-up"]
      variables = { PBM360_OMS_DSN = "pbm360-oms-dsn", PBM360_PSEUDONYM_KEY = "pbm360-pseudonym-key" }
      files     = {}
      timeout   = "3600s"
    }

    erase-patient = {
      account   = "privacy"
      command   = ["sh", "-c"]
      arguments = ["pbm360 erase-patient --yes - < /request/patient_id"]
      variables = { PBM360_OMS_DSN = "pbm360-oms-dsn", PBM360_PSEUDONYM_KEY = "pbm360-pseudonym-key" }
      files     = { patient_id = "pbm360-erasure-request" }
      timeout   = "3600s"
    }

    rotate-key = {
      account   = "privacy"
      command   = ["pbm360"]
      arguments = ["rotate-key"]
      variables = { PBM360_OMS_DSN = "pbm360-oms-dsn", PBM360_NEXT_PSEUDONYM_KEY = "pbm360-next-pseudonym-key" }
      files     = {}
      timeout   = "3600s"
    }
  }
}

resource "google_cloud_run_v2_service" "dashboard" {
  provider = google-beta
  for_each = local.dashboards

  name                = "pbm360-${each.key}"
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_ALL" # by its address; IAP asks who it is before a request comes through
  launch_stage        = "BETA"
  iap_enabled         = true
  deletion_protection = var.is_protected

  template {
    service_account                  = google_service_account.component["dashboards"].email
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    session_affinity                 = true
    timeout                          = "3600s" # the longest that Cloud Run lets a websocket live; the page connects again
    max_instance_request_concurrency = each.value.requests

    scaling {
      min_instance_count = 1
      max_instance_count = 1
    }

    containers {
      image = "${local.images}/dashboards:${var.image_tag}"
      args  = each.value.arguments

      ports {
        container_port = 8080
      }

      resources {
        cpu_idle          = false
        startup_cpu_boost = true

        limits = {
          cpu    = each.value.cpu
          memory = each.value.memory
        }
      }

      dynamic "env" {
        for_each = merge(local.settings, {
          PBM360_DASHBOARDS_ADDRESS = "0.0.0.0"
          PBM360_IAP_AUDIENCE       = "/projects/${data.google_project.current.number}/locations/${var.region}/services/pbm360-${each.key}"
          PBM360_KERNEL_BUDGET      = tostring(var.kernel_budget)
          PBM360_SNAPSHOT_SECONDS   = tostring(var.snapshot_seconds)
        })

        content {
          name  = env.key
          value = env.value
        }
      }

      startup_probe {
        period_seconds    = 5
        failure_threshold = 24

        tcp_socket {
          port = 8080
        }
      }

      liveness_probe {
        period_seconds    = 30
        failure_threshold = 3

        http_get {
          path = each.value.probe
        }
      }
    }
  }

  depends_on = [google_artifact_registry_repository.images]
}

resource "google_cloud_run_v2_service_iam_member" "proxy_calls" {
  for_each = local.dashboards

  name     = google_cloud_run_v2_service.dashboard[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = "serviceAccount:service-${data.google_project.current.number}@gcp-sa-iap.iam.gserviceaccount.com"
}

resource "google_iap_web_cloud_run_service_iam_member" "viewer" {
  for_each = {
    for pair in setproduct(keys(local.dashboards), var.viewers) : "${pair[0]} ${pair[1]}" => { service = pair[0], member = pair[1] }
  }

  location               = var.region
  cloud_run_service_name = google_cloud_run_v2_service.dashboard[each.value.service].name
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.value.member
}

resource "google_cloud_run_v2_worker_pool" "relay" {
  name                = "pbm360-relay"
  location            = var.region
  launch_stage        = "BETA"
  deletion_protection = var.is_protected

  scaling {
    scaling_mode          = "MANUAL"
    manual_instance_count = 1 # a lock in the database lets one relay publish at a time
  }

  template {
    service_account = google_service_account.component["relay"].email

    containers {
      image   = "${local.images}/notebooks:${var.image_tag}"
      command = ["pbm360"]
      args    = ["relay"]

      resources {
        limits = {
          cpu    = "1"
          memory = "1Gi"
        }
      }

      dynamic "env" {
        for_each = local.settings

        content {
          name  = env.key
          value = env.value
        }
      }

      env {
        name = "PBM360_OMS_DSN"

        value_source {
          secret_key_ref {
            secret  = google_secret_manager_secret.secret["pbm360-oms-dsn"].secret_id
            version = "latest"
          }
        }
      }
    }

    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"

      network_interfaces {
        network    = google_compute_network.pbm360.name
        subnetwork = google_compute_subnetwork.pbm360.name
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.reads]
}

resource "google_cloud_run_v2_job" "job" {
  for_each = local.jobs

  name                = "pbm360-${each.key}"
  location            = var.region
  deletion_protection = var.is_protected

  template {
    template {
      service_account = google_service_account.component[each.value.account].email
      max_retries     = 1
      timeout         = each.value.timeout

      containers {
        image   = "${local.images}/notebooks:${var.image_tag}"
        command = each.value.command
        args    = each.value.arguments

        resources {
          limits = {
            cpu    = "1"
            memory = "2Gi"
          }
        }

        dynamic "env" {
          for_each = local.settings

          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "env" {
          for_each = each.value.variables

          content {
            name = env.key

            value_source {
              secret_key_ref {
                secret  = google_secret_manager_secret.secret[env.value].secret_id
                version = "latest"
              }
            }
          }
        }

        dynamic "volume_mounts" {
          for_each = length(each.value.files) > 0 ? ["request"] : []

          content {
            name       = volume_mounts.value
            mount_path = "/request"
          }
        }
      }

      dynamic "volumes" {
        for_each = each.value.files

        content {
          name = "request"

          secret {
            secret = google_secret_manager_secret.secret[volumes.value].secret_id

            items {
              path    = volumes.key
              version = "latest"
            }
          }
        }
      }

      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"

        network_interfaces {
          network    = google_compute_network.pbm360.name
          subnetwork = google_compute_subnetwork.pbm360.name
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.reads, google_bigquery_table.table]
}

# Who may start the jobs that touch patients' rows: the privacy officers, nobody else by this configuration.
resource "google_cloud_run_v2_job_iam_member" "privacy_officers_start" {
  for_each = {
    for pair in setproduct(["erase-patient", "rotate-key"], var.privacy_officers) : "${pair[0]} ${pair[1]}" => { job = pair[0], member = pair[1] }
  }

  name     = google_cloud_run_v2_job.job[each.value.job].name
  location = var.region
  role     = "roles/run.jobsExecutor"
  member   = each.value.member
}
