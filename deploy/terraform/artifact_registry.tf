resource "google_artifact_registry_repository" "images" {
  # checkov:skip=CKV_GCP_84: encrypted at rest by Google's keys; keys of one's own are the organisation's policy to ask for
  repository_id = "pbm360"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of the workbench: notebooks, dataflow, dashboards"

  docker_config {
    immutable_tags = true # a tag that was rolled out says for ever what ran
  }

  vulnerability_scanning_config {
    enablement_config = "INHERITED"
  }

  cleanup_policies {
    id     = "keep-the-last-releases"
    action = "KEEP"

    most_recent_versions {
      keep_count = 20
    }
  }

  cleanup_policies {
    id     = "delete-what-is-old"
    action = "DELETE"

    condition {
      older_than = "7776000s" # 90 days
    }
  }

  depends_on = [google_project_service.enabled]
}

resource "google_artifact_registry_repository_iam_member" "writes" {
  for_each = toset(["build", "deploy"])

  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.component[each.value].member
}

resource "google_artifact_registry_repository_iam_member" "reads" {
  for_each = toset(["stream", "composer"]) # Cloud Run pulls by its own agent

  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.component[each.value].member
}
