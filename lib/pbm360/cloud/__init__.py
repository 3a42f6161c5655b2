"""What the workbench needs on Google Cloud: its resources by name, what of them is missing, what they cost."""
