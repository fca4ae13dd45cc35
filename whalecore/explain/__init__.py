"""Heatmaps that show which parts of a photo speak for an individual."""
