"""Groups of heatmaps that look alike: arrays in, arrays out."""
