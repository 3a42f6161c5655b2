# The provider's release is the one whose arguments provider_schema.json lists; a test holds every argument against it.
terraform {
  required_version = ">= 1.11, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 6.50"
    }
  }

  backend "gcs" {} # terraform init -backend-config="bucket=PROJECT-pbm360-state"
}

provider "google" {
  project = var.project
  region  = var.region

  default_labels = local.labels
}

# For the one argument that only the beta provider of this release has: Identity-Aware Proxy on a Cloud Run service.
provider "google-beta" {
  project = var.project
  region  = var.region

  default_labels = local.labels
}
