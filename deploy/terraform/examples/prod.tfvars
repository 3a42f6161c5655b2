# Addresses and ids are placeholders: put your own.
project               = "my-project-prod"
environment           = "prod"
image_tag             = "v0.1.0"
database_tier         = "db-custom-2-7680"
is_database_regional  = true
composer_image        = "composer-3-airflow-3.3.1"
composer_size         = "ENVIRONMENT_SIZE_MEDIUM"
viewers               = ["group:pharmacy-operations@example.com", "group:care-managers@example.com"]
privacy_officers      = ["group:privacy-office@example.com"]
kernel_budget         = 60
dead_letters_per_hour = 500
alert_address         = "on-call@example.com"
alert_url             = "https://alerts.example.com/pbm360"
billing_account       = "012345-6789AB-CDEF01"
budget_usd            = 3500
build_repository      = "projects/my-project-prod/locations/us-central1/connections/github/repositories/pbm360"
