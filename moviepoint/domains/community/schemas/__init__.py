"""What the resources of taking part take and show."""
