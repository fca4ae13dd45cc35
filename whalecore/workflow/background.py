"""Occlusion maps that are computed in the background while readers look at them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import closing

from whalecore.errors import WhalecoreError
from whalecore.types import OcclusionMaps, Progress, Report

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds after the last look at which a reader who is not known to be there has gone."""

ENDING = 10.0
"""Seconds to wait for a computing that is about to end, before the same is begun again."""

Explain = Callable[[Report], Iterator[OcclusionMaps]]
"""Begins to compute maps, coarse to fine, and says how far it has come."""

Present = Callable[[Hashable], bool]
"""Whether a reader is still there, even one who does not look at the moment."""


def nobody(reader: Hashable) -> bool:
    """No reader is there but those who look."""
    return False


class _UnwantedError(Exception):
    """Nobody waits for the maps any more."""


class GrowingMaps:
    """Maps that a thread computes until they are finished, stopped or no longer looked at.

    Attributes
    ----------
    progress : Progress or None
        How far the computing has come.
    stopping : bool
        Whether somebody has asked it to stop.
    """

    def __init__(
        self, explain: Explain, present: Present = nobody, patience: float = PATIENCE
    ) -> None:
        self.progress: Progress | None = None
        self.stopping = False
        self._present, self._patience = present, patience
        self._newest: OcclusionMaps | None = None
        self._error: Exception | None = None
        self._ended = False
        self._looks: dict[Hashable, float] = {None: time.monotonic()}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._compute, args=(explain,), daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the thread still computes or stores."""
        return not self._ended

    @property
    def watched(self) -> bool:
        """Whether somebody has looked and not left."""
        with self._changed:
            return bool(self._looks)

    @property
    def failed(self) -> bool:
        """Whether an error ended the computing."""
        return self._error is not None

    def look(self, reader: Hashable = None, wait: float = 0.0) -> OcclusionMaps | None:
        """Return the newest maps, waiting for the first; None where there are none yet.

        Parameters
        ----------
        reader : hashable, optional
            Who looks: as long as somebody does, computing goes on.
        wait : float
            Seconds to wait at most for the first maps.

        Raises
        ------
        Exception
            What ended the computing, where an error did.
        """
        self.watch(reader)
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or not self.running, wait)
        if self._error is not None:
            raise self._error
        return self._newest

    def watch(self, reader: Hashable) -> None:
        """Say that a reader waits for the maps."""
        with self._changed:
            self._looks[reader] = time.monotonic()

    def leave(self, reader: Hashable) -> None:
        """Say that a reader looks no longer."""
        with self._changed:
            self._looks.pop(reader, None)

    def stop(self) -> None:
        """Ask the thread to end; what it computed is kept."""
        self.stopping = True

    def wait(self, seconds: float) -> None:
        """Wait until the thread has ended, for so long at most."""
        self._thread.join(seconds)

    def _compute(self, explain: Explain) -> None:
        try:
            with closing(explain(self._report)) as steps:
                for maps in steps:
                    with self._changed:
                        self._newest = maps
                        self._changed.notify_all()
                    self._end_if_unwanted()
        except _UnwantedError:
            pass
        except WhalecoreError as error:
            self._error = error
        except Exception as error:
            log.exception("The computing of a heatmap ended unexpectedly")
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _report(self, progress: Progress) -> None:
        self.progress = progress
        self._end_if_unwanted()

    def _end_if_unwanted(self) -> None:
        with self._changed:
            looks = dict(self._looks)
        since = time.monotonic() - self._patience
        wanted = any(looked >= since or self._present(reader) for reader, looked in looks.items())
        if self.stopping or not wanted:
            # Nobody may join what is about to end.
            self.stopping = True
            raise _UnwantedError


class Background:
    """The maps that are being computed at the moment, each once for all readers."""

    def __init__(self, present: Present = nobody) -> None:
        self._present = present
        self._growing: dict[Hashable, GrowingMaps] = {}
        self._lock = threading.Lock()

    def start(self, key: Hashable, explain: Explain, reader: Hashable = None) -> GrowingMaps:
        """Begin to compute maps, or join where they are being computed already."""
        with self._lock:
            growing = self._growing.get(key)
            if growing is not None and growing.stopping:
                growing.wait(ENDING)
            if growing is None or growing.stopping or not growing.running:
                growing = self._growing[key] = GrowingMaps(explain, self._present)
            growing.watch(reader)
            growing.leave(None)
            return growing

    def get(self, key: Hashable) -> GrowingMaps | None:
        """What is being computed under a key, or has failed; None else."""
        with self._lock:
            growing = self._growing.get(key)
            if growing is not None and not growing.running and not growing.failed:
                del self._growing[key]
                return None
            return growing

    def leave_all(self, reader: Hashable, but: Hashable = None) -> None:
        """Say that a reader looks at nothing any more, with one exception."""
        with self._lock:
            for key, growing in list(self._growing.items()):
                if key != but:
                    growing.leave(reader)
                    if not growing.running and not growing.watched:
                        del self._growing[key]
