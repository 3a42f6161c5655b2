# A copy to try things on: small, cheap, and destroyed without a word.
project          = "my-project-dev"
environment      = "dev"
is_protected     = false
image_tag        = "v0.1.0"
bronze_days      = 90
operations_days  = 60
database_tier    = "db-custom-1-3840"
kernel_budget    = 10
snapshot_seconds = 60
viewers          = ["user:analyst@example.com"]
alert_address    = "data-team@example.com"
budget_usd       = 900
