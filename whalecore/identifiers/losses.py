"""The training loss: batch-hard triplets, ArcFace and focal loss, weighted."""

from __future__ import annotations

import math

import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import ArcFaceLoss, TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner
from torch import Tensor, nn
from torch.nn import functional

from whalecore.identifiers.network import Network
from whalecore.identifiers.settings import TrainingSettings


class IdentifierLoss(nn.Module):
    """Weighted sum of three losses on one network.

    - Batch-hard triplet loss (Hermans et al. 2017) on the embeddings.
    - ArcFace (Deng et al. 2019), whose class weights *are* the directions of the network's head:
      what is trained is what identifies.
    - Focal loss (Lin et al. 2017) in its softmax form on the head's logits, without margin:
      it trains the very scores that are reported. The sigmoid form would train one yes-or-no
      question per individual instead, which is not how scores are made. Of a batch only the
      share ``hardest`` counts, the photos with the largest loss (Shrivastava et al. 2016).

    Photos of unknown animals take part in the triplets alone, as strangers to everyone.
    """

    def __init__(self, network: Network, settings: TrainingSettings) -> None:
        super().__init__()
        self.settings = settings
        distance = LpDistance(normalize_embeddings=True)
        self.miner = BatchHardMiner(distance=distance)
        self.triplet = TripletMarginLoss(margin=settings.triplet_margin, distance=distance)
        self.arcface = ArcFaceLoss(
            network.individuals,
            network.embedding_size,
            margin=float(torch.rad2deg(torch.tensor(settings.arcface_margin))),
            scale=network.scale,
        )
        self.arcface.W = network.directions
        self.margin = self.arcface.margin

    def forward(
        self, embeddings: Tensor, logits: Tensor, labels: Tensor, margin_share: float = 1.0
    ) -> Tensor:
        """The loss of a batch.

        Parameters
        ----------
        embeddings : Tensor of shape (B, embedding size)
            Of length 1.
        logits : Tensor of shape (B, individuals)
        labels : Tensor of shape (B,), int64
            A number of its own below 0 for each photo of an unknown animal: a triplet needs two
            photos of one animal, so that such a photo is in none but as the stranger.
        margin_share : float
            Share of ArcFace's margin that is added now.
        """
        settings = self.settings
        total = logits.new_zeros(())
        if settings.triplet:
            triplets = self.miner(embeddings, labels)
            total = total + settings.triplet * self.triplet(embeddings, labels, triplets)
        known = labels >= 0
        if not known.all():
            embeddings, logits, labels = embeddings[known], logits[known], labels[known]
        if settings.arcface:
            self.arcface.margin = margin_share * self.margin
            total = total + settings.arcface * self.arcface(embeddings, labels)
        if settings.focal:
            focal = focal_loss(logits, labels, settings.focusing, settings.hardest)
            total = total + settings.focal * focal
        return total


def focal_loss(
    logits: Tensor, labels: Tensor, focusing: float = 2.0, hardest: float = 1.0
) -> Tensor:
    """Mean of -(1 - p)^focusing log p, p the softmax probability of the right individual.

    Parameters
    ----------
    logits : Tensor of shape (B, individuals)
    labels : Tensor of shape (B,), int64
    focusing : float
    hardest : float
        The mean goes over this share of the photos, rounded up: those with the largest loss.
    """
    log_p = -functional.cross_entropy(logits, labels, reduction="none")
    losses = -((1 - log_p.exp()) ** focusing * log_p)
    count = math.ceil(hardest * len(losses))
    return losses.mean() if count == len(losses) else losses.topk(count).values.mean()
