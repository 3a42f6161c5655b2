"""What the DAGs share: their settings, their tasks and their alerts. Imports nothing of `pbm360`, see `tasks`."""
