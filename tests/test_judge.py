"""Top 1 and MAP@5 of a network whose answers are set."""

import numpy as np
import pytest
import torch
from torch import nn

from whalecore.identifiers.judge import judge


class Brightness(nn.Module):
    """Its logits rank individuals by how near the photo's first pixel is to their number."""

    def __init__(self, individuals):
        super().__init__()
        self.directions = nn.Parameter(torch.zeros(2, individuals))

    def forward(self, images):
        grey = (images[:, 0, 0, 0] * 0.229 + 0.485) * 255
        numbers = torch.arange(self.directions.shape[1])
        return None, -(grey[:, None] - numbers).abs()


def photos(*values):
    return np.array(values, np.uint8)[:, None, None, None].repeat(3, 3)


def test_map_at_5_is_the_mean_of_one_over_the_rank_up_to_the_fifth():
    crops, labels = photos(0, 0, 0, 0), np.array([0, 1, 4, 5])
    top1, map5 = judge(Brightness(8), 8, crops, labels)
    assert top1 == 0.25
    assert map5 == pytest.approx((1 + 1 / 2 + 1 / 5 + 0) / 4)


def test_rows_of_mirror_images_are_no_candidates():
    crops, labels = photos(9, 9), np.array([2, 1])
    assert judge(Brightness(12), 3, crops, labels) == (0.5, pytest.approx((1 + 1 / 2) / 2))


def test_no_photos_are_never_right():
    assert judge(Brightness(3), 3, photos()[:0], np.empty(0, np.int64)) == (0.0, 0.0)
