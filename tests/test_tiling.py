"""Which patches are computed together, on a processor and on a GPU."""

from functools import partial

import numpy as np
import pytest
import torch
from torchvision.models import resnet18, resnet101

from tests.residual import (
    all_blocks,
    covered_logits,
    double_logits,
    furthest,
    in_double_precision,
    random_photos,
    residual_identifier,
)
from whalecore.explain import choice
from whalecore.explain.choice import MOST_ON_CPU, MOST_ON_GPU
from whalecore.explain.engines import ExactEngine
from whalecore.explain.folded import fold
from whalecore.explain.occlusion import finished_maps, growing_maps
from whalecore.explain.tiling import Tiling
from whalecore.types import Computing, OcclusionSettings


def chunks_of(tiling):
    """Rows and columns of every chunk of a map."""
    return [
        (rows, cols)
        for phases in tiling.grid.phases_by_level()
        for phase in phases
        for rows, cols, _, _ in tiling.chunks(phase)
    ]


def without_numbers(build):
    """A folded network of shapes alone."""
    with torch.device("meta"):
        return fold(build().eval())


@pytest.mark.parametrize(
    ("build", "height", "width", "stride", "photos", "chunks", "together"),
    [
        (resnet101, 256, 512, 1, 1, 1024, 128),
        (resnet101, 256, 512, 1, 8, 1024, 128),
        (resnet101, 256, 512, 4, 1, 64, 128),
        (resnet18, 256, 512, 1, 1, 1024, 128),
        (resnet18, 512, 1024, 1, 1, 1024, 512),
        (resnet18, 512, 1024, 1, 8, 4096, 128),
    ],
)
def test_a_gpu_computes_all_positions_together_that_the_networks_stride_allows(
    build, height, width, stride, photos, chunks, together
):
    settings = OcclusionSettings(5, stride)
    tiling = Tiling(without_numbers(build), height, width, settings, MOST_ON_GPU // photos, "cuda")
    found = chunks_of(tiling)
    assert len(found) == chunks
    assert {len(rows) * len(cols) for rows, cols in found} == {together}


def test_a_processor_computes_few_positions_together_and_shows_the_first_sooner():
    settings = OcclusionSettings(5, 1)
    tiling = Tiling(without_numbers(resnet101), 256, 512, settings, MOST_ON_CPU, "cpu")
    sizes = {len(rows) * len(cols) for rows, cols in chunks_of(tiling)}
    assert max(sizes) <= MOST_ON_CPU
    assert tiling.grid.rows.phases == 64


@torch.inference_mode()
@pytest.mark.parametrize(
    ("height", "width", "patch", "stride"),
    [(70, 101, 5, 4), (49, 81, 8, 5), (96, 160, 35, 16), (17, 23, 3, 1)],
)
def test_what_is_planned_for_a_gpu_is_exact(height, width, patch, stride):
    identifier = residual_identifier()
    network = in_double_precision(identifier.network)
    photos, settings = random_photos(1, height, width), OcclusionSettings(patch, stride, 2.0)
    folded = fold(identifier.network)
    tiling = Tiling(folded, height, width, settings, MOST_ON_GPU, "cuda")
    engine = ExactEngine(folded, photos, settings, MOST_ON_GPU, tiling)
    expected, clean = covered_logits(network, photos, settings), double_logits(network, photos)
    assert furthest(all_blocks(engine), expected, clean) < 1e-4


@pytest.mark.parametrize(("first", "then"), [("cpu", "cuda"), ("cuda", "cpu")])
def test_a_map_begun_on_one_device_goes_on_with_the_phases_of_the_other(monkeypatch, first, then):
    identifier, photo = residual_identifier(), random_photos(1, 256, 512)[0]
    settings, exact = OcclusionSettings(16, 16, 2.0, "logit"), Computing("exact")

    def planned_for(device):
        monkeypatch.setattr(choice, "Tiling", partial(Tiling, device=device))

    planned_for(first)
    growing = growing_maps(identifier, photo, ["w0"], settings, exact)
    stopped = next(growing)
    assert not stopped.complete
    whole = finished_maps(identifier, photo, ["w0"], settings, exact)
    planned_for(then)
    continued = list(growing_maps(identifier, photo, ["w0"], settings, exact, start=stopped))
    assert all((maps.computed | ~stopped.computed).all() for maps in continued)
    assert continued[-1].complete
    atol = 1e-5 * np.ptp(whole.values)
    np.testing.assert_allclose(continued[-1].values, whole.values, rtol=0, atol=atol)
