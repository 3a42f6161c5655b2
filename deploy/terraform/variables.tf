variable "project" {
  type        = string
  description = "Google Cloud project id, as in PBM360_PROJECT."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "environment" {
  type        = string
  description = "Which copy of the workbench this is; a label on everything that takes labels."

  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "environment must be dev or prod."
  }
}

variable "region" {
  type        = string
  description = "Region of everything that has one: Dataflow, Composer, Cloud Run, Cloud SQL, images, buckets."
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region's name, e.g. us-central1."
  }
}

variable "location" {
  type        = string
  description = "BigQuery location of the datasets, as in PBM360_LOCATION; can't be changed once they hold rows."
  default     = "US"

  validation {
    condition     = can(regex("^(US|EU|[a-z]+-[a-z]+[0-9]+)$", var.location))
    error_message = "location must be US, EU or a region's name, e.g. us-central1."
  }
}

variable "dataset_prefix" {
  type        = string
  description = "Datasets are named <prefix>_bronze and so on, as in PBM360_DATASET_PREFIX."
  default     = "pbm"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,40}$", var.dataset_prefix))
    error_message = "dataset_prefix must be lower-case letters, digits and underscores, beginning with a letter."
  }
}

variable "is_protected" {
  type        = bool
  description = "Whether datasets with rows, the database and the environment refuse to be destroyed; false lets a teardown run."
  default     = true
}

variable "image_tag" {
  type        = string
  description = "Tag of the images that Cloud Run and the schedule's pods run: a release, v1.2.3, or a commit."

  validation {
    condition     = can(regex("^(v[0-9]+\\.[0-9]+\\.[0-9]+|[0-9a-f]{7,40})$", var.image_tag))
    error_message = "image_tag must be a release such as v1.2.3 or a commit's digits; a moving tag such as latest is refused."
  }
}

variable "bronze_days" {
  type        = number
  description = "Days that bronze keeps messages and snapshots; what is older can't be built again."
  default     = 1095

  validation {
    condition     = var.bronze_days >= 30 && var.bronze_days <= 3650
    error_message = "bronze_days must be between 30 and 3650: a build reads back two days, a straggler may come weeks later."
  }
}

variable "operations_days" {
  type        = number
  description = "Days that results of checks and reconciliations are kept; heartbeats go after 35, runs stay."
  default     = 400

  validation {
    condition     = var.operations_days >= 35 && var.operations_days <= 3650
    error_message = "operations_days must be between 35 and 3650: anomalies are held against four weeks."
  }
}

variable "time_travel_hours" {
  type        = number
  description = "Hours that BigQuery can still show what was deleted; an erasure is final so many hours and seven days later."
  default     = 48

  validation {
    condition     = var.time_travel_hours >= 48 && var.time_travel_hours <= 168 && var.time_travel_hours % 24 == 0
    error_message = "time_travel_hours must be 48, 72, 96, 120, 144 or 168."
  }
}

variable "message_days" {
  type        = number
  description = "Days that Pub/Sub keeps messages: how far back the subscription can be sought to replay them."
  default     = 7

  validation {
    condition     = var.message_days >= 1 && var.message_days <= 31
    error_message = "message_days must be between 1 and 31."
  }
}

variable "database_tier" {
  type        = string
  description = "Machine type of the order-management database, db-custom-<CPUs>-<MB of memory>."
  default     = "db-custom-2-7680"

  validation {
    condition     = can(regex("^db-(custom-[0-9]+-[0-9]+|perf-optimized-N-[0-9]+)$", var.database_tier))
    error_message = "database_tier must be db-custom-<CPUs>-<MB> or db-perf-optimized-N-<CPUs>; shared cores have no service level."
  }
}

variable "is_database_regional" {
  type        = bool
  description = "Whether the database has a standby in another zone; doubles its price."
  default     = false
}

variable "composer_image" {
  type        = string
  description = "Composer 3 image; Airflow 3.3 is what the DAGs are tested on."
  default     = "composer-3-airflow-3.3.1"

  validation {
    condition     = can(regex("^composer-3-airflow-3\\.3(\\.[0-9]+(-build\\.[0-9]+)?)?$", var.composer_image))
    error_message = "composer_image must be a Composer 3 image of Airflow 3.3, e.g. composer-3-airflow-3.3.1-build.0."
  }
}

variable "composer_size" {
  type        = string
  description = "Size of the Composer environment."
  default     = "ENVIRONMENT_SIZE_SMALL"

  validation {
    condition     = contains(["ENVIRONMENT_SIZE_SMALL", "ENVIRONMENT_SIZE_MEDIUM", "ENVIRONMENT_SIZE_LARGE"], var.composer_size)
    error_message = "composer_size must be ENVIRONMENT_SIZE_SMALL, _MEDIUM or _LARGE."
  }
}

variable "viewers" {
  type        = set(string)
  description = "Who may open the dashboards: IAM members, user:... or group:..."

  validation {
    condition     = alltrue([for member in var.viewers : can(regex("^(user|group):[^@ ]+@[^@ ]+$", member))])
    error_message = "viewers must each be user:<address> or group:<address>; allUsers and domains are refused, this is patients' data."
  }
}

variable "privacy_officers" {
  type        = set(string)
  description = "Who may read the columns that name a patient, and the vault: IAM members, user:... or group:..."
  default     = []

  validation {
    condition     = alltrue([for member in var.privacy_officers : can(regex("^(user|group):[^@ ]+@[^@ ]+$", member))])
    error_message = "privacy_officers must each be user:<address> or group:<address>."
  }
}

variable "kernel_budget" {
  type        = number
  description = "Viewers whose kernels Voila's one instance holds at a time; its memory follows."
  default     = 40

  validation {
    condition     = var.kernel_budget >= 5 && var.kernel_budget <= 180
    error_message = "kernel_budget must be between 5 and 180: one instance has 32 GiB at most."
  }
}

variable "snapshot_seconds" {
  type        = number
  description = "Seconds between two reads for the dashboards, as in PBM360_SNAPSHOT_SECONDS; `pbm360 cost` says what each costs."
  default     = 15

  validation {
    condition     = var.snapshot_seconds >= 1 && var.snapshot_seconds <= 3600
    error_message = "snapshot_seconds must be between 1 and 3600."
  }
}

variable "alert_address" {
  type        = string
  description = "E-mail address that alerts and the budget are told to."

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.alert_address))
    error_message = "alert_address must be an e-mail address."
  }
}

variable "alert_url" {
  type        = string
  description = "Address that the schedule's alerts are posted to, as in PBM360_ALERT_URL; empty: none."
  default     = ""

  validation {
    condition     = var.alert_url == "" || startswith(var.alert_url, "https://")
    error_message = "alert_url must begin with https://, or be empty."
  }
}

variable "billing_account" {
  type        = string
  description = "Billing account of the budget, 012345-6789AB-CDEF01; empty: no budget is made."
  default     = ""

  validation {
    condition     = var.billing_account == "" || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account must look like 012345-6789AB-CDEF01, or be empty."
  }
}

variable "budget_usd" {
  type        = number
  description = "Monthly budget in US dollars; half, nine tenths and all of it are told. `pbm360 cost` estimates it."
  default     = 1500

  validation {
    condition     = var.budget_usd >= 10
    error_message = "budget_usd must be 10 or more."
  }
}

variable "build_repository" {
  type        = string
  description = "Cloud Build's second-generation repository, projects/.../connections/.../repositories/...; empty: no triggers."
  default     = ""

  validation {
    condition     = var.build_repository == "" || can(regex("^projects/[^/]+/locations/[^/]+/connections/[^/]+/repositories/[^/]+$", var.build_repository))
    error_message = "build_repository must be projects/P/locations/R/connections/C/repositories/N, or be empty."
  }
}

variable "dead_letters_per_hour" {
  type        = number
  description = "Refused messages in an hour that raise an alert; some always are: duplicates are not among them."
  default     = 200

  validation {
    condition     = var.dead_letters_per_hour >= 1
    error_message = "dead_letters_per_hour must be 1 or more."
  }
}
