"""Rows for tests of the lab, with everything a test does not care about filled in."""

from __future__ import annotations

CROP = "0.0,0.0,10.0,10.0"
OTHER_CROP = "1.0,1.0,9.0,9.0"


def photo(photo_id: str, individual: str | None = None, **other) -> dict:
    name = f"{photo_id}.jpg"
    row = {"photo_id": photo_id, "path": name, "name": name, "width": 10, "height": 10}
    return {**row, "individual": individual, **other}


def crop(photo_id: str, source: str = "detector", edge: float = 0.0, **other) -> dict:
    edges = {"crop_x0": edge, "crop_y0": edge, "crop_x1": 10.0 - edge, "crop_y1": 10.0 - edge}
    return {"photo_id": photo_id, "crop_source": source, **edges, **other}


def model(model_id: str, **other) -> dict:
    row = {
        "model_id": model_id,
        "architecture": "resnet18",
        "input_height": 32,
        "input_width": 64,
        "individuals": ["a", "b"],
        "fingerprint": "f",
        "temperature": 1.0,
    }
    return {**row, **other}


def score(photo_id: str, rank: int, individual: str, value: float = 0.5, **other) -> dict:
    row = {
        "model_id": "m",
        "photo_id": photo_id,
        "crop": CROP,
        "rank": rank,
        "individual": individual,
        "score": value,
        "logit": 1.0,
        "is_reference": False,
        "origin": "held out",
    }
    return {**row, **other}


def heatmap(photo_id: str, rank: int, individual: str, first: float = 0.0, **other) -> dict:
    row = {
        "model_id": "m",
        "photo_id": photo_id,
        "crop": CROP,
        "individual": individual,
        "method": "osm",
        "settings": "s",
        "rank": rank,
        "score": 0.5,
        "rows": 2,
        "cols": 3,
        "values": [first, 1.0, 2.0, 3.0, 4.0, 5.0],
    }
    return {**row, **other}


def clustering(clustering_id: str, **other) -> dict:
    row = {
        "clustering_id": clustering_id,
        "model_id": "m",
        "method": "osm",
        "heatmap_settings": "s",
        "ranks": "top5",
        "clusters": 2,
        "eigenvalues": [0.0, 0.5],
        "heatmaps": 5,
    }
    return {**row, **other}


def assignment(photo_id: str, individual: str, cluster: int, **other) -> dict:
    row = {
        "clustering_id": "c",
        "model_id": "m",
        "photo_id": photo_id,
        "individual": individual,
        "method": "osm",
        "settings": "s",
        "cluster": cluster,
        "membership": 0.5,
    }
    return {**row, **other}
