"""Several identifiers as one: the mean of their scores, of mirrored photos too where learnt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from whalecore.errors import SettingsError
from whalecore.identifiers.identifier import Identifier, ranked, strengths_of
from whalecore.identifiers.parts import joined, looks_of, turned
from whalecore.photos.marks import SharedMarks
from whalecore.types import LAYERS, TOP, Box, Candidate, Crop, Photo, Prediction

SMALLEST = 1e-300
"""Mean score whose logarithm is still a number: a score can be as good as nothing."""


class Ensemble:
    """Identifiers of one preprocessing whose scores are averaged; an `AnyIdentifier`.

    The score of an individual is the mean over the looks that know it, brought to sum 1 over all;
    where all know the same individuals, this is the plain mean. A ``logit`` is the logarithm of the
    score, so that the temperature is 1. Single scores are calibrated, their mean need not be: it
    tends to be too careful.

    Parameters
    ----------
    members : sequence of Identifier
        Those with directions of mirror images look at the mirrored photo, too.

    Attributes
    ----------
    individuals : tuple of str
        Of the first member, then what others know beyond.
    parts : tuple of Part
        All looks.
    model_id, fingerprint : str
        Of all members together, in any order.
    listed : str
        As of an `Identifier`; empty where no member has a longer list.

    Raises
    ------
    SettingsError
        Without members, with one twice, or where members want different crops.
    """

    temperature = 1.0

    def __init__(self, members: Sequence[Identifier]) -> None:
        _check(members)
        first = members[0]
        self.members = tuple(members)
        self.individuals = tuple(dict.fromkeys(name for one in members for name in one.individuals))
        self.height, self.width, self.margin = first.height, first.width, first.margin
        self.device = first.device
        self.locate: Callable[[Photo], Crop] = first.locate
        self.fingerprint = _digest(sorted(one.fingerprint for one in members))
        self.model_id = f"ensemble-{self.fingerprint[:10]}"
        lists = [one.listed for one in sorted(members, key=lambda one: one.fingerprint)]
        self.listed = _digest(lists)[:8] if any(lists) else ""
        self.parts = looks_of(members, self.individuals)
        known = torch.zeros(len(self.individuals), dtype=torch.float64, device=self.device)
        for part in self.parts:
            known[part.columns] += 1
        self._known = known

    def prepare(self, photo: Photo, box: Box) -> Tensor:
        """As every member does: float32 (3, height, width)."""
        return self.members[0].prepare(photo, box)

    def combined(self, logits: Sequence[Tensor]) -> Tensor:
        """Logarithms of the mean scores (..., individuals), float64, of each part's logits."""
        shape = (*logits[0].shape[:-1], len(self.individuals))
        total = torch.zeros(shape, dtype=torch.float64, device=logits[0].device)
        for part, own in zip(self.parts, logits, strict=True):
            scores = part.identifier.scores(own.double())
            total = total.index_add(-1, part.columns, scores)
        mean = (total / self._known).clamp(min=SMALLEST)
        return mean.log() - mean.sum(dim=-1, keepdim=True).log()

    @torch.no_grad()
    def logits(self, images: Tensor) -> Tensor:
        """Logarithms of the scores (B, individuals), float32, of prepared images."""
        images = images.to(self.device)
        return self.combined([part.logits(images) for part in self.parts]).float()

    def scores(self, logits: Tensor) -> Tensor:
        """Scores (B, individuals) of what `logits` gives."""
        return torch.softmax(logits, dim=-1)

    @torch.no_grad()
    def embed(self, images: Tensor) -> Tensor:
        """The members' embeddings side by side, of length 1: cosines are means of theirs."""
        found = torch.cat([one.embed(images) for one in self.members], dim=1)
        return found / len(self.members) ** 0.5

    def activations(
        self, images: Tensor, layers: Sequence[str], output: str = "logits"
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Outputs of all parts' blocks, their channels side by side, and what follows from them.

        See `Identifier.activations`. Maps of mirrored photos are turned back.
        """
        unknown = [name for name in layers if name not in LAYERS]
        if unknown or not layers or output not in ("logits", "embedding"):
            raise SettingsError(
                f"The layers {list(layers)} and the output '{output}' cannot be looked at: choose "
                f"from {', '.join(LAYERS)}, and logits or embedding."
            )
        parts = self.parts if output == "logits" else self.parts[: len(self.members)]
        networks = [part.identifier.network for part in parts]
        found = {}
        with torch.inference_mode(False), torch.enable_grad():
            images = images.to(self.device, torch.float32)
            values = [
                network.stem(turned(images, part.mirrored))
                for part, network in zip(parts, networks, strict=True)
            ]
            for name in LAYERS:
                values = [
                    network.get_submodule(name)(one)
                    for network, one in zip(networks, values, strict=True)
                ]
                if name in layers:
                    values, found[name] = joined(parts, values)
            pairs = list(zip(networks, values, strict=True))
            embeddings = [network.embedding(one) for network, one in pairs]
            if output == "embedding":
                return found, torch.cat(embeddings, dim=1) / len(embeddings) ** 0.5
            own = [network.logits(one) for network, one in zip(networks, embeddings, strict=True)]
            return found, self.combined(own).float()

    def identify(self, photo: Photo, k: int = TOP, crop: Crop | None = None) -> Prediction:
        """Name the ``k`` most likely individuals of a photo; see `Identifier.identify`."""
        crop = crop or self.locate(photo)
        image = self.prepare(photo, crop.box)[None]
        own, shared = [], {}
        for part in self.parts:
            logits = part.logits(image)[0].float().cpu().numpy()
            found = part.identifier.shared_marks(photo, crop.box, logits)
            raised = part.identifier.with_marks(logits, strengths_of(found))
            own.append(torch.from_numpy(raised).to(self.device))
            for name, one in found.items():
                if one.strength >= shared.get(name, one).strength:
                    shared[name] = one
        candidates = self.candidates(self.combined(own).float().cpu().numpy(), k, shared)
        embedding = self.embed(image)[0].float().cpu().numpy()
        return Prediction(photo.photo_id, self.model_id, crop, candidates, embedding, self.listed)

    def candidates(
        self, logits: np.ndarray, k: int = TOP, shared: Mapping[str, SharedMarks] | None = None
    ) -> tuple[Candidate, ...]:
        """The ``k`` most likely individuals of one photo, best first.

        Parameters
        ----------
        logits : ndarray of shape (individuals,)
            What `combined` gives, shared marks included.
        shared : mapping of str to SharedMarks, optional
            By individual.
        """
        scores = self.scores(torch.from_numpy(logits)).numpy()
        return ranked(self.individuals, scores, logits, k, shared or {})


def _check(members: Sequence[Identifier]) -> None:
    if not members:
        raise SettingsError("Name at least one model that shall identify.")
    if len({one.fingerprint for one in members}) < len(members):
        raise SettingsError("A model was named twice: name each once.")
    crops = {(one.height, one.width, one.mean, one.std, one.margin) for one in members}
    if len(crops) > 1:
        sizes = ", ".join(f"{one.model_id}: {one.height} x {one.width}" for one in members)
        raise SettingsError(
            f"The models look at different crops ({sizes}): only models trained with one preset "
            "can identify together."
        )


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
