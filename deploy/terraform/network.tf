# One private network: no machine of ours has a public address; Google's services are reached by private access.
resource "google_compute_network" "pbm360" {
  name                    = "pbm360"
  auto_create_subnetworks = false

  depends_on = [google_project_service.enabled]
}

resource "google_compute_subnetwork" "pbm360" {
  name                     = "pbm360-${var.region}"
  region                   = var.region
  network                  = google_compute_network.pbm360.id
  ip_cidr_range            = "10.36.0.0/20"
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# The peering by which Cloud SQL has an address in the network.
resource "google_compute_global_address" "services" {
  name          = "pbm360-services"
  network       = google_compute_network.pbm360.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
}

resource "google_service_networking_connection" "services" {
  network                 = google_compute_network.pbm360.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.services.name]
}

# The workers of one Dataflow job exchange data by these ports; nothing else comes in.
resource "google_compute_firewall" "dataflow_workers" {
  name                    = "pbm360-dataflow-workers"
  network                 = google_compute_network.pbm360.id
  direction               = "INGRESS"
  source_service_accounts = [google_service_account.component["stream"].email]
  target_service_accounts = [google_service_account.component["stream"].email]

  allow {
    protocol = "tcp"
    ports    = ["12345-12346"]
  }
}
