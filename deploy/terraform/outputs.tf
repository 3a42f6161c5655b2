output "dashboards" {
  description = "Addresses of the dashboards; IAP asks who you are."
  value       = { for name, service in google_cloud_run_v2_service.dashboard : name => service.uri }
}

output "airflow" {
  description = "Airflow's web page."
  value       = google_composer_environment.schedule.config[0].airflow_uri
}

output "dag_bucket" {
  description = "Where the DAGs are copied to."
  value       = google_composer_environment.schedule.config[0].dag_gcs_prefix
}

output "images" {
  description = "Where the images are pushed to."
  value       = local.images
}

output "template" {
  description = "The stream's Flex Template, as in PBM360_FLEX_TEMPLATE."
  value       = local.template
}
