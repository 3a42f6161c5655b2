# The order-management database: a private address alone, log-in by IAM alone, backups with recovery to any instant.
resource "google_sql_database_instance" "order_management" {
  # checkov:skip=CKV_GCP_6: encryption is required (ssl_mode); a client certificate would be a key to keep, IAM tokens are none
  name                = "pbm360-order-management"
  region              = var.region
  database_version    = "POSTGRES_18" # as the laptop's
  deletion_protection = var.is_protected

  settings {
    tier                        = var.database_tier
    edition                     = "ENTERPRISE"
    availability_type           = var.is_database_regional ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_size                   = 20
    disk_autoresize             = true
    deletion_protection_enabled = var.is_protected
    user_labels                 = local.labels

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.pbm360.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      start_time                     = "02:00"
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = 14
      }
    }

    maintenance_window {
      day          = 7
      hour         = 3
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled  = true
      record_application_tags = false
      record_client_address   = false
    }

    database_flags {
      name  = "cloudsql.iam_authentication"
      value = "on"
    }

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }

    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }

    database_flags {
      name  = "log_disconnections"
      value = "on"
    }

    database_flags {
      name  = "log_duration"
      value = "on"
    }

    database_flags {
      name  = "log_hostname"
      value = "on"
    }

    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }

    database_flags {
      name  = "log_min_error_statement"
      value = "error"
    }

    database_flags {
      name  = "log_min_messages"
      value = "error"
    }

    database_flags {
      name  = "log_statement"
      value = "ddl" # all would write patients' names into the log
    }

    database_flags {
      name  = "log_temp_files"
      value = "0"
    }
  }

  depends_on = [google_service_networking_connection.services]
}

resource "google_sql_database" "order_management" {
  name     = "order_management"
  instance = google_sql_database_instance.order_management.name
}

# A PostgreSQL user for each component that reads or writes it; the guide grants them their rights once.
resource "google_sql_user" "component" {
  for_each = toset(["composer", "relay", "prepare", "privacy"])

  name     = trimsuffix(google_service_account.component[each.value].email, ".gserviceaccount.com")
  instance = google_sql_database_instance.order_management.name
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"
}
