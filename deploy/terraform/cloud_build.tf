# deploy/cloudbuild.yaml by two triggers: a push to main is tested, built, scanned and planned; a tag is applied, too.
locals {
  triggers = var.build_repository == "" ? {} : {
    main    = { branch = "^main$", tag = null, component = "build", is_approved = false, applies = "false" }
    release = { branch = null, tag = "^v[0-9]+\\.[0-9]+\\.[0-9]+$", component = "deploy", is_approved = true, applies = "true" }
  }
}

resource "google_cloudbuild_trigger" "delivery" {
  for_each = local.triggers

  name            = "pbm360-${each.key}"
  location        = var.region
  filename        = "deploy/cloudbuild.yaml"
  service_account = google_service_account.component[each.value.component].id

  substitutions = {
    _REGION      = var.region
    _ENVIRONMENT = var.environment
    _APPLIES     = each.value.applies
  }

  repository_event_config {
    repository = var.build_repository

    push {
      branch = each.value.branch
      tag    = each.value.tag
    }
  }

  approval_config {
    approval_required = each.value.is_approved
  }

  depends_on = [google_project_iam_member.component]
}

# The bucket of Terraform's state is made by hand, before anything else; plans read it.
resource "google_storage_bucket_iam_member" "build_reads_state" {
  bucket = "${var.project}-pbm360-state"
  role   = "roles/storage.objectUser" # a plan takes the state's lock
  member = google_service_account.component["build"].member
}
