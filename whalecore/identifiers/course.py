"""One training: network, optimizer and how far it has come."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from whalecore.errors import CheckpointError
from whalecore.identifiers.augment import augment
from whalecore.identifiers.identifier import IMAGENET_MEAN, IMAGENET_STD, Identifier, normalise
from whalecore.identifiers.losses import IdentifierLoss
from whalecore.identifiers.network import FULL_WIDTH, Network, build_network
from whalecore.identifiers.sampler import balanced_batches
from whalecore.identifiers.settings import TrainingSettings

FULL_COST = 4
"""Cost of a photo at the full size against one at half of it."""


class Course:
    """Network, optimizer and position of one training."""

    def __init__(
        self,
        crops: np.ndarray,
        labels: np.ndarray,
        individuals: int,
        settings: TrainingSettings,
        device: torch.device,
    ) -> None:
        self.crops, self.labels, self.settings, self.device = crops, labels, settings, device
        if settings.mirrored:
            # A mirror image is photo N + i of individual C + c.
            self.labels = np.concatenate([labels, labels + individuals])
        self.individuals = individuals
        torch.manual_seed(settings.seed)
        self.network = _start(settings, individuals * (2 if settings.mirrored else 1))
        self.network.to(device, memory_format=torch.channels_last)
        self.loss = IdentifierLoss(self.network, settings).to(device)
        self.optimizer = torch.optim.AdamW(
            _parameter_groups(self.network, settings.weight_decay), lr=settings.learning_rate
        )
        self.epoch = 0
        self.epochs = settings.low_resolution_epochs + settings.epochs
        self.batches = math.ceil(
            len(np.unique(self.labels)) / min(settings.batch_individuals, len(set(self.labels)))
        )
        self.metrics: dict[str, float] = {}

    def cost_before(self, epoch: int) -> int:
        """Work of the epochs before this one, in batches at half the size."""
        low = min(epoch, self.settings.low_resolution_epochs)
        return self.batches * (low + FULL_COST * (epoch - low))

    def run_epoch(self, worked: Callable[[int], None]) -> str:
        """Train one epoch; random numbers depend on the seed and the epoch's number alone."""
        settings = self.settings
        rng = np.random.default_rng((settings.seed, self.epoch))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        low = self.epoch < settings.low_resolution_epochs
        cost, total = self.cost_before(self.epoch), self.cost_before(self.epochs)
        losses = []
        self.network.train()
        groups = balanced_batches(
            self.labels, settings.batch_individuals, settings.batch_photos, rng
        )
        for chosen in groups:
            self._set_rate(cost / total)
            losses.append(self._step(chosen, low, generator))
            cost += 1 if low else FULL_COST
            worked(cost)
        self.epoch += 1
        self.metrics["loss"] = float(np.mean(losses))
        return f"epoch {self.epoch} of {self.epochs}, loss {self.metrics['loss']:.2f}"

    def _step(self, chosen: np.ndarray, low: bool, generator: torch.Generator) -> float:
        images = self._images(chosen, low, generator)
        labels = torch.from_numpy(self.labels[chosen]).to(self.device)
        with torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda"
        ):
            embeddings, logits = self.network(images)
        loss = self.loss(embeddings, logits, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        # The angle in ArcFace has no finite slope where a photo lies exactly on its direction.
        if torch.isfinite(norm):
            self.optimizer.step()
        return float(loss.detach())

    def _images(self, chosen: np.ndarray, low: bool, generator: torch.Generator) -> Tensor:
        """The chosen photos, changed at random and normalised."""
        photos = torch.from_numpy(self.crops[chosen % len(self.crops)]).to(self.device)
        images = photos.permute(0, 3, 1, 2).float().div_(255)
        mirrored = torch.from_numpy(chosen >= len(self.crops)).to(self.device)
        images = torch.where(mirrored.view(-1, 1, 1, 1), images.flip(3), images)
        if low:
            images = functional.avg_pool2d(images, 2)
        images = augment(images, self.settings.strength, generator)
        mean = images.new_tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
        std = images.new_tensor(IMAGENET_STD).view(1, 3, 1, 1)
        return ((images - mean) / std).to(memory_format=torch.channels_last)

    def _set_rate(self, done: float) -> None:
        """Linear rise, then half a cosine down to zero, over the share of the work done."""
        warm_up = self.settings.warm_up
        if done < warm_up:
            share = (done + 0.01 * warm_up) / (1.01 * warm_up)
        else:
            share = 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * share

    @torch.no_grad()
    def top1(self, crops: np.ndarray, labels: np.ndarray, batch: int = 64) -> float:
        """Share of photos whose most likely individual is the right one."""
        self.network.eval()
        right = 0
        for start in range(0, len(crops), batch):
            part = torch.from_numpy(np.ascontiguousarray(crops[start : start + batch]))
            images = normalise(part.to(self.device), IMAGENET_MEAN, IMAGENET_STD)
            logits = self.network(images.to(memory_format=torch.channels_last))[1]
            best = logits[:, : self.individuals].argmax(1).cpu().numpy()
            right += int((best == labels[start : start + batch]).sum())
        return right / max(len(labels), 1)

    def state(self) -> dict[str, Tensor]:
        """All tensors the next epoch depends on: weights and the optimizer's averages."""
        found = {f"network.{name}": values for name, values in self.network.state_dict().items()}
        for row, averages in self.optimizer.state_dict()["state"].items():
            found |= {f"optimizer.{row}.{name}": values for name, values in averages.items()}
        return found

    def restore(self, tensors: dict[str, Tensor], epoch: int, metrics: dict[str, float]) -> None:
        """Continue from what :meth:`state` gave after that many epochs."""
        averages: dict[int, dict[str, Tensor]] = {}
        network = {}
        for name, values in tensors.items():
            part, rest = name.split(".", 1)
            if part == "network":
                network[rest] = values
            else:
                row, kind = rest.split(".")
                averages.setdefault(int(row), {})[kind] = values
        self.network.load_state_dict(network)
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": averages, "param_groups": groups})
        self.epoch, self.metrics = epoch, dict(metrics)

    def identifier(self, individuals: Sequence[str]) -> Identifier:
        """The trained network; rows of mirror images are cut off its head."""
        settings = self.settings
        network = Network(
            settings.architecture, self.individuals, settings.network_width, settings.scale
        )
        tensors = self.network.state_dict()
        tensors["directions"] = tensors["directions"][:, : self.individuals].clone()
        network.load_state_dict(tensors)
        return Identifier(
            network.to(self.device, memory_format=torch.channels_last),
            individuals,
            settings.height,
            settings.width,
            IMAGENET_MEAN,
            IMAGENET_STD,
            margin=settings.crop_margin,
            metrics=self.metrics,
        )


def _start(settings: TrainingSettings, individuals: int) -> Network:
    """The network before training; 'auto' falls back on chance, with a warning."""

    def build(weights: str) -> Network:
        return build_network(
            settings.architecture, individuals, settings.network_width, weights, settings.scale
        )

    if settings.weights != "auto":
        return build(settings.weights)
    if settings.network_width != FULL_WIDTH:
        return build("none")
    try:
        return build("imagenet")
    except CheckpointError as error:
        warnings.warn(f"Training starts from chance and will be less sure. {error}", stacklevel=4)
        return build("none")


def _parameter_groups(network: Network, weight_decay: float) -> list[dict]:
    """Weights shrink; normalisations and directions, whose length has no effect, do not."""
    shrinking = [values for name, values in network.named_parameters() if values.ndim == 4]
    others = [values for name, values in network.named_parameters() if values.ndim != 4]
    return [
        {"params": shrinking, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
