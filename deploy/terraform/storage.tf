# Executed notebooks and run pages: PBM360_RUNS. They hold no identifier, but what a batch said is evidence, so it is kept.
resource "google_storage_bucket" "runs" {
  # checkov:skip=CKV_GCP_62: every read and write is in Cloud Audit Logs; a bucket of access logs would repeat them
  name                        = "${var.project}-pbm360-runs"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.is_protected

  versioning {
    enabled = true
  }

  lifecycle_rule {
    condition {
      age = var.operations_days
    }

    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }

    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.enabled]
}

resource "google_storage_bucket_iam_member" "composer_keeps_runs" {
  bucket = google_storage_bucket.runs.name
  role   = "roles/storage.objectUser"
  member = google_service_account.component["composer"].member
}
