"""Tables of a lab: Parquet shards, DuckDB views, claims. The only place with SQL."""

from whalecore.lab.lab import Lab, create_lab, open_lab

__all__ = ["Lab", "create_lab", "open_lab"]
