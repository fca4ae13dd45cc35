"""Convolutions with 3 x 3 kernels in fewer multiplications (Winograd's F(4 x 4, 3 x 3))."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

POINTS = 36
"""Products per tile of 4 x 4 outputs, where the plain sum takes 144."""

WORKING_BYTES = 8 * 2**20
"""About a processor's cache: what is transformed at once stays in it."""

OUTPUTS_AT_ONCE = 32
"""Of a kernel that is transformed: in double precision the whole takes twice what is kept."""

_INPUT = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_KERNEL = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_OUTPUT = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))


def transformed_kernel(weight: Tensor) -> Tensor:
    """Return what `convolve` needs of a kernel.

    Parameters
    ----------
    weight : Tensor of shape (outputs, inputs, 3, 3)

    Returns
    -------
    Tensor of shape (36, inputs, outputs), float32
    """
    side = torch.tensor(_KERNEL, dtype=torch.float64)
    outputs, inputs = weight.shape[:2]
    kernel = torch.empty(POINTS, inputs, outputs)
    for first in range(0, outputs, OUTPUTS_AT_ONCE):
        some = slice(first, first + OUTPUTS_AT_ONCE)
        points = torch.einsum("ia,kcab,jb->ijck", side, weight[some].double().cpu(), side)
        kernel[:, :, some] = points.flatten(0, 1)
    return kernel


def convolve(
    tiles: Tensor, kernel: Tensor, rows: int, cols: int, before: tuple[int, int]
) -> Tensor:
    """Convolve with a 3 x 3 kernel at stride 1.

    Equal to the plain sum but for rounding (about 1e-5 of the largest output in float32).

    Parameters
    ----------
    tiles : Tensor of shape (N, H, W, inputs), float32
    kernel : Tensor
        From `transformed_kernel`.
    rows, cols : int
        Cells of the output.
    before : (int, int)
        Zeros above and left of the tiles; what is missing below and right is zero as well.

    Returns
    -------
    Tensor of shape (N, rows, cols, outputs), float32

    References
    ----------
    Lavin and Gray 2016, section 4.3.
    """
    count, height, width, inputs = tiles.shape
    outputs = kernel.shape[2]
    down, across = -(-rows // 4), -(-cols // 4)
    squared = torch.tensor(_INPUT, dtype=torch.float32)
    to_points = torch.kron(squared, squared)
    squared = torch.tensor(_OUTPUT, dtype=torch.float32)
    from_points = torch.kron(squared, squared)
    above, left = before
    below, right = 4 * down + 2 - height - above, 4 * across + 2 - width - left
    padded = functional.pad(tiles, (0, 0, left, right, above, below))
    result = tiles.new_empty(count, 4 * down, 4 * across, outputs)
    step = max(1, WORKING_BYTES // (4 * POINTS * down * across * max(inputs, outputs)))
    for first in range(0, count, step):
        part = padded[first : first + step]
        each = part.stride()
        patches = part.as_strided(
            (6, 6, len(part), down, across, inputs),
            (each[1], each[2], each[0], 4 * each[1], 4 * each[2], each[3]),
            part.storage_offset(),
        )
        points = to_points @ patches.reshape(POINTS, -1)
        products = torch.bmm(points.view(POINTS, -1, inputs), kernel)
        values = from_points @ products.view(POINTS, -1)
        place = result[first : first + step].view(len(part), down, 4, across, 4, outputs)
        place.copy_(values.view(4, 4, len(part), down, across, outputs).permute(2, 3, 0, 4, 1, 5))
    return result[:, :rows, :cols]
