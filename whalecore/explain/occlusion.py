"""Occlusion sensitivity maps: cover a square of the photo and see how a score changes.

The edge rule: the patch of side p around position u covers the pixels
[u - (p-1)//2, u - (p-1)//2 + p) of each axis, clipped at the border of the input. It never
wraps round and is never moved inwards, so squares at the border are smaller. Every pixel is
covered at least once; an even patch equal to the stride tiles the input exactly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from whalecore.errors import SettingsError
from whalecore.explain.allowance import with_memory
from whalecore.explain.choice import lowered_precision, make_engine
from whalecore.explain.engines import Block, Engine, evenly
from whalecore.explain.inputs import columns_of, prepared_input
from whalecore.explain.interpolation import interpolated
from whalecore.explain.shortage import is_shortage, too_little_memory
from whalecore.identifiers.identifier import AnyIdentifier
from whalecore.types import (
    Computing,
    OcclusionMaps,
    OcclusionSettings,
    Photo,
    Progress,
    Report,
    silent,
)

PAUSE = 2.0
"""Seconds after which a level that takes long shows what it has."""


def occlusion_maps(
    identifier: AnyIdentifier,
    photo: Photo | torch.Tensor,
    individuals: str | Sequence[str],
    patch: int = 5,
    stride: int = 4,
    fill: float = 0.0,
    target: str = "probability",
    accuracy: float = 1.0,
    computing: Computing | None = None,
    progress: Report | None = None,
) -> np.ndarray:
    """Return how much each place of a photo supports each individual.

    Parameters
    ----------
    identifier : AnyIdentifier
    photo : Photo or Tensor of shape (3, height, width)
        A photo, cropped by ``identifier.locate``, or a prepared input.
    individuals : sequence of str
        All their maps come from the same pass.
    patch, stride : int
        In pixels of the model's input.
    fill : float
        Value of the covered pixels after normalisation; 0 is the data set's mean.
    target : str
        ``probability`` or ``logit``: the score whose change is measured.
    accuracy : float
        Wanted correlation with the exact map; see `OcclusionSettings`.
    computing : Computing, optional
        By what means.
    progress : callable, optional
        Called after each batch.

    Returns
    -------
    ndarray of shape (individuals, ceil(height / stride), ceil(width / stride)), float32
        Score of the clean photo minus score of the covered photo: positive where the place
        supports the individual, in units of the target.

    Raises
    ------
    SettingsError
        If a setting is not allowed or an individual is unknown.

    References
    ----------
    Kierdorf et al. 2020, equation 1.
    """
    settings = OcclusionSettings(patch, stride, fill, target, accuracy)
    return finished_maps(identifier, photo, individuals, settings, computing, progress).values


def finished_maps(
    identifier: AnyIdentifier,
    photo: Photo | torch.Tensor,
    individuals: str | Sequence[str],
    settings: OcclusionSettings,
    computing: Computing | None = None,
    progress: Report | None = None,
    start: OcclusionMaps | None = None,
) -> OcclusionMaps:
    """Like `occlusion_maps`, with what is known about how they came about."""
    for maps in growing_maps(identifier, photo, individuals, settings, computing, progress, start):
        finished = maps
    return finished


def growing_maps(
    identifier: AnyIdentifier,
    photo: Photo | torch.Tensor,
    individuals: str | Sequence[str],
    settings: OcclusionSettings,
    computing: Computing | None = None,
    progress: Report | None = None,
    start: OcclusionMaps | None = None,
    guided: bool = False,
) -> Iterator[OcclusionMaps]:
    """Compute maps coarse to fine.

    Parameters
    ----------
    start : OcclusionMaps, optional
        Where an earlier call stopped; its computed positions are not computed again.
    guided : bool
        For somebody who watches: coarse exact maps are corrected by a linearised one, which takes
        about as long as their second level. The finished maps are the same.

    Yields
    ------
    OcclusionMaps
        After each level of ever finer grids, and in long ones every few seconds; the last one is
        finished. Stop at any.

    Raises
    ------
    SettingsError
        If a setting is not allowed, an individual is unknown, or ``start`` is of another shape.
    """
    making = begun_maps(identifier, photo, individuals, settings, computing)
    if start is not None:
        making.take_over(start)
    yield from grown_maps(making, progress, guided)


def begun_maps(
    identifier: AnyIdentifier,
    photo: Photo | torch.Tensor,
    individuals: str | Sequence[str],
    settings: OcclusionSettings,
    computing: Computing | None = None,
) -> MapsInTheMaking:
    """Make ready what `growing_maps` computes with; only then is it known which engine that is."""
    names = (individuals,) if isinstance(individuals, str) else tuple(individuals)
    columns = columns_of(identifier, names)
    prepared = prepared_input(identifier, photo)
    return MapsInTheMaking(identifier, prepared, names, columns, settings, computing or Computing())


def grown_maps(
    making: MapsInTheMaking, progress: Report | None = None, guided: bool = False
) -> Iterator[OcclusionMaps]:
    """Compute what is missing of maps, as `growing_maps` does."""
    yield from _chosen_levels(making, guided)(progress or silent)


def _chosen_levels(
    making: MapsInTheMaking, guided: bool
) -> Callable[[Report], Iterator[OcclusionMaps]]:
    if making.settings.exact and not guided:
        return making.levels
    # Here, because both work on maps in the making.
    from whalecore.explain.estimate import estimated_levels
    from whalecore.explain.guided import guided_levels

    return partial(guided_levels if making.settings.exact else estimated_levels, making)


def prepare_maps(identifier: AnyIdentifier, settings: OcclusionSettings) -> None:
    """Make once what the maps of every photo need: the first map then stands sooner.

    Parameters
    ----------
    identifier : AnyIdentifier
    settings : OcclusionSettings
    """
    # Noise, because it is with this picture that the engine compares itself with the network.
    chance = torch.Generator().manual_seed(0)
    noise = torch.randn(3, identifier.height, identifier.width, generator=chance)
    next(growing_maps(identifier, noise, identifier.individuals[:1], settings))


class MapsInTheMaking:
    """Maps of one photo, position by position.

    Attributes
    ----------
    computing : Computing
        By what means they really are computed.
    """

    def __init__(
        self,
        identifier: AnyIdentifier,
        prepared: torch.Tensor,
        individuals: tuple[str, ...],
        columns: list[int],
        settings: OcclusionSettings,
        computing: Computing,
        engine: Engine | None = None,
        number: int = 0,
    ) -> None:
        """Take part in an engine of several photos as its photo ``number``, or make one."""
        self.identifier, self.prepared = identifier, prepared
        self.individuals, self.columns = individuals, columns
        self.settings = settings
        # Found once, so that the engines that follow one another for a photo have the same.
        self.computing = with_memory(computing, prepared.device)
        self.engine, self.number = engine, number
        if engine is None:
            self.make_engine()
        # Smaller batches later shall not change the kind of engine, and brute force, with which
        # others are compared, is always of full precision.
        precision = "float32" if self.engine.name == "reference" else computing.precision
        self.computing = replace(self.computing, engine=self.engine.name, precision=precision)
        self.grid = self.engine.grid
        self.known = np.zeros(self.grid.shape, dtype=bool)
        # On the device, so that nothing waits for the numbers of a single batch.
        self._drops = torch.zeros(
            len(columns), *self.grid.shape, dtype=torch.float64, device=prepared.device
        )
        # On the device, where a list would be copied to for each batch.
        self._places = torch.tensor(columns, device=prepared.device)
        self.clean = self.scores(self.engine.clean)[self.number]
        self.deviation: tuple[float, ...] | None = None

    @property
    def values(self) -> np.ndarray:
        """Shape (individuals, rows, cols), float32; 0 where not known."""
        return self._drops.float().cpu().numpy()

    def take_over(self, start: OcclusionMaps) -> None:
        """Go on from maps that an earlier call left unfinished."""
        if start.individuals != self.individuals or start.computed.shape != self.grid.shape:
            raise SettingsError(
                "The unfinished maps are of other individuals or another grid: begin anew."
            )
        if start.precision != self.computing.precision:
            raise SettingsError(
                f"The unfinished maps have the precision {start.precision}, and these "
                f"{self.computing.precision}: begin anew, or choose the precision they have."
            )
        self.known = start.computed.copy()
        values = np.where(start.computed, start.values, 0)
        self._drops.copy_(torch.from_numpy(values))
        self.deviation = start.deviation if start.complete else None

    def levels(self, report: Report) -> Iterator[OcclusionMaps]:
        """Compute every position that is not known, yielding after each level and in long ones."""
        started = shown = time.monotonic()
        before = int(self.known.sum())
        self.measure_deviation()
        for phases in self.grid.phases_by_level():
            missing = [phase for phase in phases if not self.phase_known(phase)]
            if not missing and not self.known.all():
                continue
            for phase in missing:
                for done in self.compute(phase):
                    seconds = time.monotonic() - started
                    left = seconds * (self.known.size - done) / max(done - before, 1)
                    report(Progress("occlusion", done, self.known.size, left))
                if time.monotonic() - shown > PAUSE and phase is not missing[-1]:
                    yield self.so_far()
                    shown = time.monotonic()
            yield self.so_far()
            shown = time.monotonic()
            if self.known.all():
                return

    def positions_of(self, phases: Sequence[tuple[int, int]]) -> np.ndarray:
        """Which positions belong to some phases, shape (rows, cols), bool."""
        found = np.zeros(self.grid.shape, dtype=bool)
        for row, col in phases:
            found[row :: self.grid.rows.phases, col :: self.grid.cols.phases] = True
        return found

    def phase_known(self, phase: tuple[int, int]) -> bool:
        """Whether all positions of a phase are known."""
        return bool(self.known[self.positions_of([phase])].all())

    def compute(self, phase: tuple[int, int]) -> Iterator[int]:
        """Compute a phase; yields how many positions of the map are known, batch by batch."""
        while not self.phase_known(phase):
            short = False
            try:
                for block in engine_blocks(self.engine, phase, self.computing.precision):
                    self.take(block)
                    yield int(self.known.sum())
            except (RuntimeError, MemoryError) as error:
                # Answered further down, where the error no longer holds on to the memory.
                short = is_shortage(error)
                if not short:
                    raise
            if short:
                limit = self.engine.limit
                if limit <= 1:
                    raise too_little_memory(self.prepared.device)
                self.make_engine(limit // 2)

    def so_far(self) -> OcclusionMaps:
        """The maps with what is missing filled in."""
        values = self.values
        if not self.known.all():
            values = interpolated(values, self.known, self.grid)
        return OcclusionMaps(
            self.individuals, values, self.known.copy(), self.engine_name, None, self.deviation
        )

    @property
    def engine_name(self) -> str:
        """The engine, and the precision where it is not float32."""
        name, precision = self.computing.engine, self.computing.precision
        return name if name == "reference" or precision == "float32" else f"{name} {precision}"

    def take(self, block: Block) -> None:
        """Take over what a block says of this photo."""
        scores = self.scores(block.logits[self.number].flatten(0, 1))
        drops = (self.clean - scores).T.view(len(self.columns), *block.logits.shape[1:3])
        rows, cols = evenly(block.rows), evenly(block.cols)
        self._drops[:, rows, cols] = drops
        self.known[rows, cols] = True

    def scores(self, logits: torch.Tensor) -> torch.Tensor:
        """The explained scores (B, maps), float64, of logits (B, individuals)."""
        # In double precision: near 1 the drops of a probability are smaller than its rounding.
        logits = logits.double()
        probability = self.settings.target == "probability"
        scores = self.identifier.scores(logits) if probability else logits
        return scores[:, self._places]

    def make_engine(self, limit: int | None = None) -> None:
        """Make an engine of this photo alone, with smaller batches where the memory is short."""
        # The old one goes first: it holds the memory that the new one needs.
        self.engine, self.number = None, 0
        if limit is not None:
            torch.cuda.empty_cache()
        try:
            with torch.inference_mode(), lowered_precision(self.computing.precision):
                self.engine = make_engine(
                    self.identifier, self.prepared[None], self.settings, self.computing, limit
                )
        except (RuntimeError, MemoryError) as error:
            if not is_shortage(error):
                raise
            raise too_little_memory(self.prepared.device) from error

    def measure_deviation(self) -> None:
        """Compare arithmetic of lower precision with float32 on some positions."""
        if self.computing.precision == "float32" or self.computing.engine != "exact":
            return
        phase = self.grid.phases_by_level()[0][0]
        _exhaust(self.compute(phase))
        # Two engines at once might need more memory than is allowed.
        limit = None if self.engine is None else self.engine.limit
        self.engine = None
        full = replace(self.computing, engine="auto", precision="float32")
        exact = MapsInTheMaking(
            self.identifier, self.prepared, self.individuals, self.columns, self.settings, full
        )
        # Brute force, where the memory allows no more, takes any grid.
        exact.grid = exact.engine.grid = self.grid
        _exhaust(exact.compute(phase))
        difference = np.abs(self.values - exact.values)[:, exact.known & self.known]
        self.deviation = tuple(difference.max(axis=1).tolist())
        exact.engine = None
        if limit is not None:
            self.make_engine(limit)


def engine_blocks(engine: Engine, phase: tuple[int, int], precision: str) -> Iterator[Block]:
    """The blocks of a phase, each computed without gradients and in the wanted precision."""
    blocks = engine.blocks(phase)
    while True:
        # Entered for each block anew, so that nobody who takes one is caught in it.
        with torch.inference_mode(), lowered_precision(precision):
            block = next(blocks, None)
        if block is None:
            return
        yield block


def _exhaust(work: Iterator) -> None:
    for _ in work:
        pass
