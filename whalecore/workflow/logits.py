"""What a model says of all individuals about the photos that it never saw, from what is stored."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from whalecore.lab.lab import Lab

BLOCK = 1024
"""Photos at once: many photos times many individuals need not fit into memory."""

Block = tuple[tuple[str, ...], np.ndarray]
"""Photos, and their logits of shape (photos, individuals), float32."""


def logit_blocks(lab: Lab, model_id: str) -> tuple[tuple[str, ...], Iterator[Block]]:
    """Raw scores of all individuals for the photos that a model never saw, marks included.

    Computed from the stored embeddings, whose half precision moves a logit by about 0.001.

    Returns
    -------
    individuals : tuple of str
    blocks : iterator of (tuple of str, ndarray of shape (photos, individuals), float32)
        Photos by id and their raw scores, some at a time.
    """
    identifier = lab.identifier(model_id)
    return identifier.individuals, _blocks(lab, model_id, identifier)


def lab_logits(lab: Lab, model_id: str) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    """The same of all these photos at once.

    Returns
    -------
    photo_ids, individuals : tuple of str
    logits : ndarray of shape (photos, individuals), float32
    """
    individuals, blocks = logit_blocks(lab, model_id)
    photo_ids, logits = [], [np.empty((0, len(individuals)), np.float32)]
    for ids, values in blocks:
        photo_ids += ids
        logits.append(values)
    return tuple(photo_ids), individuals, np.concatenate(logits)


def _blocks(lab: Lab, model_id: str, identifier) -> Iterator[Block]:
    import torch

    found = lab.embeddings(model_id, role="held out")
    shared = {row["photo_id"]: row for row in lab.rows("shared_marks", model_id=model_id)}
    for start in range(0, len(found), BLOCK):
        photo_ids = found.photo_ids[start : start + BLOCK]
        embeddings = torch.from_numpy(found.values[start : start + BLOCK]).to(identifier.device)
        with torch.no_grad():
            logits = identifier.network.logits(embeddings).float().cpu().numpy()
        for place, photo_id in enumerate(photo_ids):
            if photo_id in shared:
                row = shared[photo_id]
                strengths = dict(zip(row["individuals"], row["strengths"], strict=True))
                logits[place] = identifier.with_marks(logits[place], strengths)
        yield photo_ids, logits
