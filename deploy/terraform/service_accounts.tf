# One account a component, with the least it needs; no keys are made. What belongs to one topic, dataset, bucket or secret
# is granted there, beside it; here stands what only a project can grant.
locals {
  components = {
    stream     = "Speed layer: the Dataflow workers"
    composer   = "Schedule: the Composer environment and its pods"
    dashboards = "Dashboards on Cloud Run"
    relay      = "Order management's outbox to the topic"
    prepare    = "Views, rules and database migrations after a delivery"
    privacy    = "Erasure of a patient, rotation of the pseudonyms' key"
    build      = "Cloud Build: test, build, scan, push, plan"
    deploy     = "Cloud Build on a tag: apply and roll out"
  }

  project_roles = {
    stream     = ["roles/dataflow.worker", "roles/bigquery.jobUser", "roles/monitoring.metricWriter"]
    composer   = ["roles/composer.worker", "roles/bigquery.jobUser", "roles/bigquery.readSessionUser", "roles/dataflow.developer", "roles/cloudsql.client", "roles/cloudsql.instanceUser"]
    dashboards = ["roles/bigquery.jobUser", "roles/bigquery.readSessionUser"]
    relay      = ["roles/cloudsql.client", "roles/cloudsql.instanceUser"]
    prepare    = ["roles/bigquery.user", "roles/cloudsql.client", "roles/cloudsql.instanceUser"]
    privacy    = ["roles/bigquery.jobUser", "roles/bigquery.readSessionUser", "roles/cloudsql.client", "roles/cloudsql.instanceUser"]
    build      = ["roles/logging.logWriter", "roles/ondemandscanning.admin", "roles/viewer", "roles/iam.securityReviewer"]
    deploy = [
      "roles/artifactregistry.admin",
      "roles/bigquery.admin",
      "roles/cloudbuild.builds.editor",
      "roles/cloudsql.admin",
      "roles/composer.admin",
      "roles/compute.networkAdmin",
      "roles/compute.securityAdmin",
      "roles/dataflow.developer",
      "roles/datacatalog.admin",
      "roles/iam.serviceAccountAdmin",
      "roles/iap.admin",
      "roles/logging.configWriter",
      "roles/logging.logWriter",
      "roles/monitoring.editor",
      "roles/ondemandscanning.admin",
      "roles/pubsub.admin",
      "roles/resourcemanager.projectIamAdmin",
      "roles/run.admin",
      "roles/secretmanager.admin",
      "roles/serviceusage.serviceUsageAdmin",
      "roles/storage.admin",
    ]
  }

  project_grants = merge([
    for component, roles in local.project_roles : {
      for role in roles : "${component}/${role}" => { component = component, role = role }
    }
  ]...)

  # Who starts something that then runs as another account.
  impersonations = {
    "composer starts stream"    = { actor = "composer", runs_as = "stream" }
    "deploy starts composer"    = { actor = "deploy", runs_as = "composer" }
    "deploy starts dashboards"  = { actor = "deploy", runs_as = "dashboards" }
    "deploy starts prepare"     = { actor = "deploy", runs_as = "prepare" }
    "deploy starts privacy"     = { actor = "deploy", runs_as = "privacy" }
    "deploy starts relay"       = { actor = "deploy", runs_as = "relay" }
    "deploy starts stream"      = { actor = "deploy", runs_as = "stream" }
    "deploy sets build trigger" = { actor = "deploy", runs_as = "build" }
  }
}

resource "google_service_account" "component" {
  for_each = local.components

  account_id   = "pbm360-${each.key}"
  display_name = each.value

  depends_on = [google_project_service.enabled]
}

resource "google_project_iam_member" "component" {
  # checkov:skip=CKV_GCP_41: no role here acts as every service account of the project; impersonations are granted one by one
  # checkov:skip=CKV_GCP_49: deploy alone administers accounts and IAM, as it applies this; a tag starts it, after an approval
  for_each = local.project_grants

  project = var.project
  role    = each.value.role
  member  = google_service_account.component[each.value.component].member
}

resource "google_service_account_iam_member" "starts" {
  for_each = local.impersonations

  service_account_id = google_service_account.component[each.value.runs_as].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.component[each.value.actor].member
}
