"""One training: network, optimizer and how far it has come."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from whalecore.identifiers.augment import augment
from whalecore.identifiers.average import weight_average
from whalecore.identifiers.device_crops import DeviceCrops
from whalecore.identifiers.history import Epoch
from whalecore.identifiers.identifier import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Identifier,
    normalise,
)
from whalecore.identifiers.judge import judge
from whalecore.identifiers.losses import IdentifierLoss
from whalecore.identifiers.network import Network
from whalecore.identifiers.resume import State, gather, put_back
from whalecore.identifiers.sampler import balanced_batches, deal, groups
from whalecore.identifiers.schedule import margin_share, rate_share
from whalecore.identifiers.settings import TrainingSettings
from whalecore.identifiers.start import parameter_groups, starting_network

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
        new_whales: np.ndarray | None = None,
    ) -> None:
        self.labels, self.settings, self.device = labels, settings, device
        self.crops = DeviceCrops(crops, device)
        self.strangers = None
        if new_whales is not None:
            self.strangers = DeviceCrops(new_whales, device)
        if settings.mirrored:
            # A mirror image is photo N + i of individual C + c.
            self.labels = np.concatenate([labels, labels + individuals])
        self.individuals = individuals
        torch.manual_seed(settings.seed)
        self.network = starting_network(settings, individuals * (2 if settings.mirrored else 1))
        self.network.to(device, memory_format=torch.channels_last)
        self.loss = IdentifierLoss(self.network, settings).to(device)
        self.optimizer = torch.optim.AdamW(
            parameter_groups(self.network, settings.weight_decay), lr=settings.learning_rate
        )
        self.half_precision = device.type == "cuda"
        self.epoch = 0
        self.epochs = settings.low_resolution_epochs + settings.epochs
        shown = len(np.unique(self.labels))
        share = settings.new_whale_share if self.strangers else 0.0
        self.known_groups, self.new_groups = groups(settings.batch_individuals, share, shown)
        self.batches = math.ceil(shown / self.known_groups)
        self.average = None
        if settings.average:
            self.average = weight_average(self.network, settings.average * self.batches)
        self.metrics: dict[str, float] = {}
        self.history: tuple[Epoch, ...] = ()

    @property
    def answering(self) -> Network:
        """The network that identifies: the moving average where one is kept."""
        return self.network if self.average is None else self.average.module

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
        losses, rates, began = [], [], time.monotonic()
        self.network.train()
        known = balanced_batches(self.labels, self.known_groups, settings.batch_photos, rng)
        new = self._new_whales(len(known), rng)
        for chosen, strangers in zip(known, new, strict=True):
            rates.append(settings.learning_rate * rate_share(cost / total, settings.warm_up))
            for group in self.optimizer.param_groups:
                group["lr"] = rates[-1]
            margin = margin_share(cost / total, settings.margin_warm_up)
            losses.append(
                self._step(self._images(chosen, strangers, low, generator), chosen, margin)
            )
            cost += 1 if low else FULL_COST
            worked(cost)
        seconds = time.monotonic() - began
        self.epoch += 1
        loss = self.metrics["loss"] = float(np.mean(losses))
        shown = sum(map(len, known)) + sum(map(len, new))
        pace = shown / max(seconds, 1e-9)
        epoch = Epoch(self.epoch, low, loss, float(np.mean(rates)), seconds, pace)
        self.history = (*self.history, epoch)
        return f"epoch {self.epoch} of {self.epochs}, loss {loss:.2f}"

    @torch.no_grad()
    def finite(self, crops: np.ndarray) -> bool:
        """Whether the loss, all weights and the embeddings of some crops are numbers still."""
        network = self.answering.eval()
        images = normalise(torch.from_numpy(crops).to(self.device), IMAGENET_MEAN, IMAGENET_STD)
        embeddings, _ = network(images.to(memory_format=torch.channels_last))
        values = [*network.state_dict().values(), embeddings]
        return math.isfinite(self.metrics["loss"]) and all(one.isfinite().all() for one in values)

    def watch(self, crops: np.ndarray, labels: np.ndarray) -> str:
        """Judge the epoch that has ended on photos that are not learnt from."""
        top1, map5 = judge(self.answering, self.individuals, crops, labels)
        self.metrics |= {
            "validation_top1": top1,
            "validation_map5": map5,
            "validation_photos": len(labels),
        }
        self.history = (*self.history[:-1], replace(self.history[-1], top1=top1, map5=map5))
        return f"{top1:.0%} of {len(labels)} validation photos right"

    def _new_whales(self, batches: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Positions of the unknown animals of each batch; beyond the last photo, mirror images."""
        if not self.new_groups:
            return [np.empty(0, np.int64)] * batches
        count = len(self.strangers) * (2 if self.settings.mirrored else 1)
        size = self.new_groups * self.settings.batch_photos
        return deal(count, [size] * batches, rng)

    def _step(self, images: Tensor, chosen: np.ndarray, margin: float) -> float:
        # Each unknown animal is somebody of its own.
        unknown = -1 - np.arange(len(images) - len(chosen))
        labels = torch.from_numpy(np.concatenate([self.labels[chosen], unknown])).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half_precision):
            embeddings, logits = self.network(images)
        loss = self.loss(embeddings, logits, labels, margin)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        # The angle in ArcFace has no finite slope where a photo lies exactly on its direction.
        if torch.isfinite(norm):
            self.optimizer.step()
            if self.average is not None:
                self.average.update_parameters(self.network)
        return float(loss.detach())

    def _images(
        self, chosen: np.ndarray, strangers: np.ndarray, low: bool, generator: torch.Generator
    ) -> Tensor:
        """Known individuals, then unknown animals, changed at random and normalised."""
        settings = self.settings
        images = self.crops.images(chosen)
        if len(strangers):
            images = torch.cat([images, self.strangers.images(strangers)])
        if low:
            images = functional.avg_pool2d(images, 2)
        images = augment(images, settings.strength, generator, settings.augmentation)
        mean = images.new_tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
        std = images.new_tensor(IMAGENET_STD).view(1, 3, 1, 1)
        return ((images - mean) / std).to(memory_format=torch.channels_last)

    def state(self) -> State:
        """All that the next epoch depends on."""
        tensors = gather(self.network, self.average, self.optimizer)
        return State(self.epoch, self.metrics, tensors, self.history)

    def restore(self, state: State) -> None:
        """Continue from what :meth:`state` gave."""
        put_back(state.tensors, self.network, self.average, self.optimizer)
        self.epoch, self.metrics, self.history = state.epoch, dict(state.metrics), state.history

    def identifier(self, individuals: Sequence[str]) -> Identifier:
        """The trained network; rows of mirror images are taken from its head and kept beside it."""
        settings = self.settings
        network = Network(
            settings.architecture, self.individuals, settings.network_width, settings.scale
        )
        tensors = dict(self.answering.state_dict())
        directions = tensors["directions"]
        tensors["directions"] = directions[:, : self.individuals].clone()
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
            mirrored_directions=(
                directions[:, self.individuals :].clone() if settings.mirrored else None
            ),
        )
