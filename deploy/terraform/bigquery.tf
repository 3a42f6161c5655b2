# Datasets by layer; tables from tables.json, which `make tables` makes from sql/. Views, table functions and the working
# tables of a build are not here: the job pbm360-prepare makes the former, a build the latter.
locals {
  tables = jsondecode(file("${path.module}/tables.json"))

  # Live has no expiration: publishing drops what the batch has taken over, never a clock. Runs stay: they are the
  # high-water mark's evidence.
  expiration_days = {
    "bronze.raw_orders"      = var.bronze_days
    "bronze.oms_drugs"       = var.bronze_days
    "bronze.oms_orders"      = var.bronze_days
    "bronze.oms_patients"    = var.bronze_days
    "bronze.oms_payers"      = var.bronze_days
    "bronze.oms_pharmacies"  = var.bronze_days
    "bronze.oms_prescribers" = var.bronze_days
    "ops.heartbeats"         = 35
    "ops.quality_results"    = var.operations_days
    "ops.reconciliation"     = var.operations_days
  }

  restricted_tables = toset(["vault.patient_keys", "vault.erasures"])
  taxonomy_region   = lower(var.location)
}

resource "google_bigquery_dataset" "layer" {
  # checkov:skip=CKV_GCP_81: encrypted at rest by Google's keys; keys of one's own are the organisation's policy to ask for
  for_each = local.layers

  dataset_id                  = "${var.dataset_prefix}_${each.value}"
  location                    = var.location
  description                 = "PBM Logistics 360, layer ${each.value}"
  max_time_travel_hours       = tostring(var.time_travel_hours)
  default_table_expiration_ms = each.value == "staging" ? 14 * local.day_milliseconds : null
  delete_contents_on_destroy  = !var.is_protected

  depends_on = [google_project_service.enabled]
}

resource "google_bigquery_table" "table" {
  # checkov:skip=CKV_GCP_80: encrypted at rest by Google's keys; keys of one's own are the organisation's policy to ask for
  # checkov:skip=CKV_GCP_121: is_protected says it, and is true unless a teardown sets it; the value is no constant
  for_each = local.tables

  dataset_id               = google_bigquery_dataset.layer[split(".", each.key)[0]].dataset_id
  table_id                 = split(".", each.key)[1]
  description              = each.value.description
  clustering               = length(each.value.cluster) > 0 ? each.value.cluster : null
  require_partition_filter = each.value.require_partition_filter
  deletion_protection      = var.is_protected

  dynamic "time_partitioning" {
    for_each = each.value.partition == null ? [] : [each.value.partition]

    content {
      type          = "DAY"
      field         = time_partitioning.value
      expiration_ms = contains(keys(local.expiration_days), each.key) ? local.expiration_days[each.key] * local.day_milliseconds : null
    }
  }

  schema = jsonencode([
    for column in each.value.columns : merge(
      { name = column.name, type = column.type, mode = column.mode, description = column.description },
      column.identifier ? { policyTags = { names = [google_data_catalog_policy_tag.identifier.name] } } : {},
    )
  ])
}

# A column that names a patient is read by those alone who have the tag's reader role, whatever else they may.
resource "google_data_catalog_taxonomy" "privacy" {
  region                 = local.taxonomy_region
  display_name           = "pbm360-privacy-${var.environment}"
  description            = "What a column says of a patient"
  activated_policy_types = ["FINE_GRAINED_ACCESS_CONTROL"]

  depends_on = [google_project_service.enabled]
}

resource "google_data_catalog_policy_tag" "identifier" {
  taxonomy     = google_data_catalog_taxonomy.privacy.id
  display_name = "identifier"
  description  = "Names a patient, or may: ids, names, addresses, payloads as received"
}

resource "google_data_catalog_policy_tag_iam_member" "reads_identifiers" {
  for_each = merge(
    { for name in ["composer", "prepare", "privacy"] : name => google_service_account.component[name].member },
    { for member in var.privacy_officers : member => member },
  )

  policy_tag = google_data_catalog_policy_tag.identifier.name
  role       = "roles/datacatalog.categoryFineGrainedReader"
  member     = each.value
}

# In the vault a dataset's reader sees no row unless named here.
resource "google_bigquery_row_access_policy" "vault" {
  for_each = local.restricted_tables

  dataset_id       = google_bigquery_dataset.layer["vault"].dataset_id
  table_id         = google_bigquery_table.table[each.value].table_id
  policy_id        = "batch_and_privacy"
  filter_predicate = "true"
  grantees = concat(
    [google_service_account.component["composer"].member, google_service_account.component["privacy"].member],
    sort(tolist(var.privacy_officers)),
  )
}

# READER and WRITER are BigQuery's own names for dataViewer and dataEditor on a dataset.
locals {
  dataset_roles = {
    stream     = { WRITER = ["bronze", "live", "ops"], READER = [] }
    composer   = { WRITER = ["bronze", "silver", "gold", "live", "ops", "vault", "staging"], READER = ["serving", "truth"] }
    prepare    = { WRITER = ["bronze", "silver", "gold", "live", "serving", "ops", "vault", "truth", "staging", "reporting"], READER = [] }
    privacy    = { WRITER = ["bronze", "silver", "gold", "live", "ops", "vault", "truth", "staging"], READER = [] }
    dashboards = { WRITER = [], READER = ["serving", "gold", "silver", "live", "ops", "reporting"] }
  }

  dataset_grants = merge([
    for component, roles in local.dataset_roles : merge([
      for role, layers in roles : {
        for layer in layers : "${component}/${layer}" => { component = component, role = role, layer = layer }
      }
    ]...)
  ]...)
}

resource "google_bigquery_dataset_access" "component" {
  for_each = local.dataset_grants

  dataset_id    = google_bigquery_dataset.layer[each.value.layer].dataset_id
  role          = each.value.role
  user_by_email = google_service_account.component[each.value.component].email
}

# The serving views read silver and live on behalf of their readers, who need no access to those themselves.
resource "google_bigquery_dataset_access" "serving_views" {
  for_each = toset(["silver", "live", "gold", "ops"])

  dataset_id = google_bigquery_dataset.layer[each.value].dataset_id

  dataset {
    target_types = ["VIEWS"]

    dataset {
      project_id = var.project
      dataset_id = google_bigquery_dataset.layer["serving"].dataset_id
    }
  }
}

# The reporting views read gold on behalf of the reports' readers, who see no cell of 1 to 10 and no order.
resource "google_bigquery_dataset_access" "reporting_views" {
  for_each = toset(["gold", "ops"])

  dataset_id = google_bigquery_dataset.layer[each.value].dataset_id

  dataset {
    target_types = ["VIEWS"]

    dataset {
      project_id = var.project
      dataset_id = google_bigquery_dataset.layer["reporting"].dataset_id
    }
  }
}
