"""Settings that not every model was trained with; torch is not needed to know them."""

LATER = {
    "new_whale_share": 0.0,
    "margin_warm_up": 0.0,
    "hardest": 1.0,
    "average": 0.0,
    "augmentation": "simple",
}
"""Their names, and what trainings without them did."""
