"""Benchmarks that anybody can run on their own computer."""
