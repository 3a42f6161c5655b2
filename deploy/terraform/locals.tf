locals {
  labels = {
    application = "pbm360"
    environment = var.environment
  }

  layers   = toset(["bronze", "silver", "gold", "live", "serving", "ops", "vault", "truth", "staging", "reporting"])
  images   = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
  template = "gs://${google_storage_bucket.dataflow.name}/templates/speed_layer.json"
  runs     = "gs://${google_storage_bucket.runs.name}"

  # What every process of ours is told, wherever it runs; names and meanings: lib/pbm360/settings.py.
  settings = {
    PBM360_TARGET         = "gcp"
    PBM360_PROJECT        = var.project
    PBM360_LOCATION       = var.location
    PBM360_DATASET_PREFIX = var.dataset_prefix
  }

  day_milliseconds = 24 * 60 * 60 * 1000
  day_seconds      = 24 * 60 * 60
}

data "google_project" "current" {
  project_id = var.project

  depends_on = [google_project_service.enabled]
}
