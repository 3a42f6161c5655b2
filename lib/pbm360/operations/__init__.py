"""The operation as dashboards show it: read once by one process, rendered once for all viewers who see the same."""
