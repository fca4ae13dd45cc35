"""Drawings of humpback flukes whose identifying features are known.

They are drawings, not photographs: good for a demonstration, for tests and as ground
truth for explanations, and no evidence about real animals.
"""

from whalecore.photos.synthetic.collection import Drawing, draw_collection, draw_encounter
from whalecore.photos.synthetic.encounters import CollectionSettings, Encounter, plan_encounters

__all__ = [
    "CollectionSettings",
    "Drawing",
    "Encounter",
    "draw_collection",
    "draw_encounter",
    "plan_encounters",
]
