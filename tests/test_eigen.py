"""Eigenvectors of the Laplacian against brute force."""

import numpy as np
import pytest

from whalecore.clusters import eigen
from whalecore.clusters.affinity import gaussian_affinity, normalised_laplacian
from whalecore.clusters.eigen import dense_embedding, groups_of, smallest_eigenvectors
from whalecore.errors import SettingsError


@pytest.fixture(params=["direct", "lanczos"])
def solver(request, monkeypatch):
    if request.param == "lanczos":
        monkeypatch.setattr(eigen, "DIRECT_MOST", 0)
    return request.param


def test_both_solvers_equal_the_whole_decomposition(solver):
    points = np.random.default_rng(0).normal(size=(90, 4))
    affinity = gaussian_affinity(points, 1.5)
    eigenvalues, vectors = smallest_eigenvectors(affinity, 5)
    values, expected = np.linalg.eigh(normalised_laplacian(affinity))
    assert eigenvalues.shape == (60,)
    np.testing.assert_allclose(eigenvalues, values[:60], atol=1e-12)
    np.testing.assert_allclose(np.abs(vectors), np.abs(expected[:, :5]), atol=1e-7)


def test_single_precision_is_right_to_six_digits(solver):
    points = np.random.default_rng(0).normal(size=(90, 4))
    affinity = gaussian_affinity(points, 1.5)
    expected = np.linalg.eigvalsh(normalised_laplacian(affinity))[:60]
    eigenvalues, _ = smallest_eigenvectors(affinity.astype(np.float32), 5)
    np.testing.assert_allclose(eigenvalues, expected, atol=2e-6)


def test_separate_blocks_have_one_zero_eigenvalue_each_and_share_no_row(solver):
    sizes = [20, 30, 25, 40]
    affinity = np.zeros((115, 115), np.float32)
    start = 0
    for size in sizes:
        affinity[start : start + size, start : start + size] = 1
        start += size
    eigenvalues, vectors = smallest_eigenvectors(affinity, 4)
    np.testing.assert_allclose(eigenvalues, [0] * 4 + [1] * 56, atol=1e-6)
    assert groups_of(eigenvalues) == 4
    rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    block = np.repeat(np.arange(4), sizes)
    np.testing.assert_allclose(rows @ rows.T, block[:, None] == block, atol=1e-5)


def test_the_embedding_carries_the_degrees():
    points = np.array([[0.0], [1.0], [3.0]])
    embedding = dense_embedding(points, 1.0, 2)
    near, far, furthest = np.exp(-0.5), np.exp(-2.0), np.exp(-4.5)
    expected = [1 + near + furthest, 1 + near + far, 1 + far + furthest]
    np.testing.assert_allclose(embedding.degrees, expected)
    assert embedding.vectors.shape == (3, 2)


def test_heatmaps_that_are_the_same_take_no_room_of_their_own(solver, monkeypatch):
    random = np.random.default_rng(0)
    points = random.normal(size=(80, 4))[random.integers(0, 80, 120)]
    different = len(np.unique(points, axis=0))
    sizes = []

    def measured(points, sigma):
        sizes.append(len(points))
        return gaussian_affinity(points, sigma)

    monkeypatch.setattr(eigen, "gaussian_affinity", measured)
    embedding = dense_embedding(points, 1.5, 10)
    assert sizes == [different]
    affinity = gaussian_affinity(points, 1.5)
    values, expected = np.linalg.eigh(normalised_laplacian(affinity))
    np.testing.assert_allclose(embedding.degrees, affinity.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(embedding.eigenvalues, values[:60], atol=1e-10)
    np.testing.assert_allclose(np.abs(embedding.vectors), np.abs(expected[:, :10]), atol=1e-6)


def test_groups_are_counted_below_the_largest_step():
    assert groups_of(np.array([0, 0.01, 0.02, 0.5, 0.6])) == 3
    assert groups_of(np.array([0, 0.9, 0.91, 0.92])) == 2
    assert groups_of(np.array([0.0])) == 1
    assert groups_of(np.array([0.0, 0.5])) == 2


def test_heatmaps_that_are_the_same_have_the_same_row_of_the_embedding(solver):
    random = np.random.default_rng(0)
    points = random.normal(size=(80, 4))[random.integers(0, 80, 120)]
    affinity = gaussian_affinity(points, 1.5)
    same = np.unique(points, axis=0, return_inverse=True)[1]
    different = same.max() + 1
    assert 50 < different < 70
    eigenvalues, vectors = smallest_eigenvectors(affinity, 70, same)
    values, expected = np.linalg.eigh(normalised_laplacian(affinity))
    np.testing.assert_allclose(eigenvalues, values[:70], atol=1e-10)
    assert not (eigenvalues[different:] - 1).any()
    np.testing.assert_allclose(np.abs(vectors[:, :10]), np.abs(expected[:, :10]), atol=1e-6)
    lengths = [1] * different + [0] * (70 - different)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=0), lengths, atol=1e-9)
    for number in range(different):
        assert len(np.unique(vectors[same == number], axis=0)) == 1


def test_the_direct_solver_takes_over_where_lanczos_steps_fail(monkeypatch):
    from scipy.sparse import linalg

    def fail(*_, **__):
        raise linalg.ArpackError(-9999)

    points = np.random.default_rng(0).normal(size=(90, 4))
    affinity = gaussian_affinity(points, 1.5)
    expected = np.linalg.eigvalsh(normalised_laplacian(affinity))[:60]
    monkeypatch.setattr(linalg, "eigsh", fail)
    monkeypatch.setattr(eigen, "DIRECT_MOST", 0)
    np.testing.assert_allclose(smallest_eigenvectors(affinity, 5)[0], expected, atol=1e-12)
    monkeypatch.setattr(eigen, "DIRECT_LAST", 89)
    with pytest.raises(SettingsError, match="use a larger sigma or 'auto'"):
        smallest_eigenvectors(affinity, 5)
