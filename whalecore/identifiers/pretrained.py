"""Weights learnt elsewhere: torchvision's ImageNet weights, or a file."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torchvision.models import get_model_weights

from whalecore.errors import CheckpointError

WITHOUT = (
    "start without them ('--weights none'), or give the path of a .safetensors file with "
    "torchvision's weights ('--weights FILE')"
)


def read_weights(architecture: str, source: str | Path) -> dict[str, Tensor]:
    """Read weights under torchvision's names.

    Parameters
    ----------
    source : str or Path
        ``imagenet`` or the path of a ``.safetensors`` file.

    Raises
    ------
    CheckpointError
        When they cannot be fetched or read; files of other kinds are refused because reading
        them can run code.
    """
    return _fetch(architecture) if str(source) == "imagenet" else _read(Path(source))


def _fetch(architecture: str) -> dict[str, Tensor]:
    try:
        return get_model_weights(architecture).DEFAULT.get_state_dict(
            progress=False, check_hash=True, weights_only=True
        )
    except (URLError, OSError, RuntimeError) as error:
        raise CheckpointError(
            f"The ImageNet weights of {architecture} cannot be fetched "
            f"({_one_line(error)}): {WITHOUT}."
        ) from error


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix != ".safetensors":
        raise CheckpointError(
            f"The weights '{path}' are not a .safetensors file, the only kind that is read because "
            f"others can run code on this machine: convert the file, or {WITHOUT}."
        )
    if not path.is_file():
        raise CheckpointError(f"The weights '{path}' do not exist: {WITHOUT}.")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"The weights '{path}' cannot be read ({_one_line(error)}): {WITHOUT}."
        ) from error


def _one_line(error: Exception) -> str:
    """The first line of an error's text, without the full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
