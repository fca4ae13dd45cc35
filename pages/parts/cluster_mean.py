"""The mean heatmap of a cluster: as it was kept with the clusters, or of its typical heatmaps."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.cluster_cells import heatmap_key
from pages.parts.pictures import WIDTH, is_dark
from whalecore import overlays
from whalecore.clustering_words import first_part_words
from whalecore.clusters.descriptor import turned
from whalecore.errors import WhalecoreError
from whalecore.glossary import explain
from whalecore.lab.sheets import many_heatmaps

CELLS_FOR_MEAN = 300
"""Heatmaps of a cluster that its mean is taken of, the most typical first."""


def show_mean_heatmap(lab, clustering_id: str, number: int, shape) -> None:
    """The mean of a cluster's heatmaps, with its scale."""
    words = f"Mean heatmap of cluster {number}"
    mean = mean_heatmap_of(lab, clustering_id, number)
    if mean is None:
        st.info("The heatmaps of this cluster are no longer in the lab: compute them again.")
        return
    height = max(1, round(WIDTH * shape[0] / shape[1]))
    picture, scale, limit = _pictures(mean, height, is_dark())
    st.image(picture, width="stretch", alt=words)
    st.image(scale, alt=f"Scale from {-limit:.2g} to {limit:.2g}")
    st.caption(words, help=explain("mean heatmap"))


@st.cache_data(max_entries=200, show_spinner=False)
def _pictures(mean: np.ndarray, height: int, dark: bool) -> tuple[np.ndarray, np.ndarray, float]:
    """A heatmap in its colours, its scale, and where that ends."""
    limit = overlays.scale_limit(mean)
    picture = overlays.heatmap_picture(mean, height, WIDTH, limit)
    return picture, overlays.legend(limit, dark=dark), limit


def say_of_which_maps(lab, clustering_id: str) -> None:
    """Of which maps mean heatmaps and meanings are, and where these were turned before."""
    representation = lab.representation(clustering_id)
    words = first_part_words(representation)
    if words:
        st.caption(words, help=explain("first of several maps"))
    if representation.aligned:
        st.caption(explain("turned heatmaps"))


def mean_heatmap_of(lab, clustering_id: str, number: int) -> np.ndarray | None:
    """The mean heatmap of a cluster as it was kept, or of its most typical heatmaps; or None."""
    means = stored_means_of(lab, clustering_id)
    if means is not None and number <= len(means):
        return means[number - 1]
    typical = lab.cluster_members(clustering_id, number, limit=CELLS_FOR_MEAN)
    keys = tuple(heatmap_key(row) for row in typical.itertuples())
    aligned = lab.representation(clustering_id).aligned
    return _mean(str(lab.folder), clustering_id, keys, aligned, lab)


def stored_means_of(lab, clustering_id: str) -> np.ndarray | None:
    """Mean heatmaps as they were kept with the clusters; None where they were not."""
    try:
        return _stored_means(str(lab.folder), clustering_id, lab)
    except WhalecoreError:
        # Not kept: the file may be back the next time.
        return None


@st.cache_data(max_entries=20, show_spinner="Reading the clusters")
def _stored_means(folder, clustering_id, _lab) -> np.ndarray | None:
    means = _lab.clustering(clustering_id).means
    return means.astype(np.float32) if means is not None and len(means) else None


@st.cache_data(max_entries=200, show_spinner="Reading the cluster's heatmaps")
def _mean(folder, clustering_id, keys, aligned, _lab) -> np.ndarray | None:
    found = many_heatmaps(_lab, list(keys))
    if not found:
        return None
    grids = np.stack([heatmap.values for heatmap in found.values()])
    return overlays.mean_heatmap(turned(grids) if aligned else grids)
