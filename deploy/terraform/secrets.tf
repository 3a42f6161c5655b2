# The values never pass through Terraform, except the database's address, which holds no password.
locals {
  secrets = {
    "pbm360-pseudonym-key"      = { description = "key of the patients' pseudonyms", readers = ["stream", "composer", "privacy"] }
    "pbm360-next-pseudonym-key" = { description = "key that a rotation puts in its place", readers = ["privacy"] }
    "pbm360-erasure-request"    = { description = "id of the patient to erase; none between requests", readers = ["privacy"] }
    "pbm360-oms-dsn"            = { description = "address of the order-management database", readers = ["composer", "relay", "prepare", "privacy"] }
  }

  secret_grants = merge([
    for secret, about in local.secrets : {
      for component in about.readers : "${secret}/${component}" => { secret = secret, component = component }
    }
  ]...)
}

resource "google_secret_manager_secret" "secret" {
  for_each = local.secrets

  secret_id   = each.key
  annotations = { description = each.value.description }

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  version_destroy_ttl = "604800s" # a version that was destroyed by mistake can be had back for a week

  depends_on = [google_project_service.enabled]
}

resource "google_secret_manager_secret_iam_member" "reads" {
  for_each = local.secret_grants

  secret_id = google_secret_manager_secret.secret[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.component[each.value.component].member
}

# A privacy officer writes the request and the next key, and destroys them afterwards; they may not read them.
resource "google_secret_manager_secret_iam_member" "privacy_officers_write" {
  for_each = {
    for pair in setproduct(["pbm360-erasure-request", "pbm360-next-pseudonym-key", "pbm360-pseudonym-key"], var.privacy_officers) : "${pair[0]} ${pair[1]}" => { secret = pair[0], member = pair[1] }
  }

  secret_id = google_secret_manager_secret.secret[each.value.secret].id
  role      = "roles/secretmanager.secretVersionManager"
  member    = each.value.member
}

# Each component adds its own IAM user and token (lib/pbm360/oms/database.py).
resource "google_secret_manager_secret_version" "database_address" {
  secret      = google_secret_manager_secret.secret["pbm360-oms-dsn"].id
  secret_data = "host=${google_sql_database_instance.order_management.private_ip_address} dbname=${google_sql_database.order_management.name} sslmode=require"
}
