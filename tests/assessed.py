"""An assessment made by hand, for pages that show one."""

import numpy as np

from whalecore.lab.assess import Assessment
from whalecore.lab.grids import StoredHeatmap
from whalecore.reliability.change import ChangingParts
from whalecore.reliability.evidence import Evidence
from whalecore.types import (
    AnswerSet,
    Box,
    Candidate,
    ClusterEvidence,
    Crop,
    OcclusionSettings,
    Photo,
    Prediction,
    Quality,
    Verdict,
)

SETTINGS = OcclusionSettings(16, 8)


def assessment(
    photo_id: str, names: tuple[str, ...], name: str = "photo.jpg", unlike: bool = False
) -> Assessment:
    """A photo with candidates of these names, the first one reliable; model ``m``."""
    pixels = np.random.default_rng(0).integers(0, 255, (64, 128, 3), np.uint8)
    photo = Photo(photo_id, name, pixels)
    scores = [0.8, 0.1, 0.05, 0.03, 0.02]
    candidates = tuple(
        Candidate(rank, one, score, 5.0 - rank)
        for rank, (one, score) in enumerate(zip(names, scores, strict=False), 1)
    )
    heatmaps = {
        one.individual: StoredHeatmap(
            photo_id=photo_id,
            model_id="m",
            crop="0.0,0.0,128.0,64.0",
            individual=one.individual,
            method="osm",
            settings=SETTINGS.key,
            rank=one.rank,
            score=one.score,
            values=np.linspace(-0.2, 0.4, 32, dtype=np.float32).reshape(4, 8),
        )
        for one in candidates
    }
    crop = Crop(Box(0, 0, 128, 64), "detector", 0.9)
    quality = Quality(0.5, 0.9, 0.4, 0.7, 1.0)
    return Assessment(
        photo,
        Prediction(photo_id, "m", crop, candidates, np.ones(4, np.float32)),
        heatmaps,
        ClusterEvidence(3, 0.9, 0.8, 0.95, 0.7, 60, 0.8, unlike, 0.75),
        quality,
        Evidence(score=0.8, margin=2.0, entropy=0.6, max_logit=4.0, quality=quality),
        Verdict(
            "reliable",
            0.97,
            0.01,
            ("The first candidate's score is 0.800, higher than the usual 0.600.",),
        ),
        AnswerSet(0.9, names[:1], False),
        ChangingParts(0.2, 0.4),
    )
