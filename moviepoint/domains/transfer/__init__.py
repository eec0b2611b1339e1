"""Import and export: content in and out as CSV and JSON, rehearsed before anything is written."""
