"""PBM Logistics 360: one truthful picture of a specialty pharmacy's orders."""
