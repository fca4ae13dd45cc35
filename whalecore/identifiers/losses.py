"""The training loss: batch-hard triplets, ArcFace and focal loss, weighted."""

from __future__ import annotations

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
      question per individual instead, which is not how scores are made.
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

    def forward(self, embeddings: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of a batch.

        Parameters
        ----------
        embeddings : Tensor of shape (B, embedding size)
            Of length 1.
        logits : Tensor of shape (B, individuals)
        labels : Tensor of shape (B,), int64
        """
        settings = self.settings
        total = logits.new_zeros(())
        if settings.triplet:
            triplets = self.miner(embeddings, labels)
            total = total + settings.triplet * self.triplet(embeddings, labels, triplets)
        if settings.arcface:
            total = total + settings.arcface * self.arcface(embeddings, labels)
        if settings.focal:
            total = total + settings.focal * focal_loss(logits, labels, settings.focusing)
        return total


def focal_loss(logits: Tensor, labels: Tensor, focusing: float = 2.0) -> Tensor:
    """Mean of -(1 - p)^focusing log p, p the softmax probability of the right individual."""
    log_p = -functional.cross_entropy(logits, labels, reduction="none")
    return -((1 - log_p.exp()) ** focusing * log_p).mean()
