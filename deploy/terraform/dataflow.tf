# The stream's Flex Template lies here (Cloud Build writes it), and what its jobs stage. The job itself is no resource of
# Terraform's: the DAG speed_layer starts and drains it.
resource "google_storage_bucket" "dataflow" {
  # checkov:skip=CKV_GCP_62: every read and write is in Cloud Audit Logs; a bucket of access logs would repeat them
  name                        = "${var.project}-pbm360-dataflow"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # nothing in it is not made again by a build or a job

  versioning {
    enabled = true # a bad template is rolled back to the one before
  }

  soft_delete_policy {
    retention_duration_seconds = 0 # staged files come and go with each job
  }

  lifecycle_rule {
    condition {
      age            = 14
      matches_prefix = ["staging/", "temp/"]
    }

    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      num_newer_versions = 10
    }

    action {
      type = "Delete"
    }
  }

  depends_on = [google_project_service.enabled]
}

resource "google_storage_bucket_iam_member" "dataflow" {
  for_each = {
    stream   = "roles/storage.objectAdmin"
    composer = "roles/storage.objectViewer" # launches the template
    build    = "roles/storage.objectUser"   # writes the template
  }

  bucket = google_storage_bucket.dataflow.name
  role   = each.value
  member = google_service_account.component[each.key].member
}
