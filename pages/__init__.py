"""The pages of the dashboard: pick, read the lab, draw."""
