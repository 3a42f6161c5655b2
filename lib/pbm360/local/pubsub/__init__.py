"""The laptop's Pub/Sub: a gRPC server that the ordinary google-cloud-pubsub client talks to, durable in one folder."""
