"""A chart as a browser gets it: what is drawn, and the data packed."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import pyarrow as pa

from whalecore.chart_style import INKS


def packed_spec(chart: alt.Chart | alt.LayerChart) -> dict[str, Any]:
    """Return the Vega-Lite specification of a chart, each of its data sets as Arrow's bytes.

    Returns
    -------
    dict
        As of ``chart.to_dict()``; below ``datasets`` bytes of an Arrow stream by name.
    """
    spec = chart.to_dict()
    return {**spec, "datasets": {name: _packed(rows) for name, rows in spec["datasets"].items()}}


def inked_spec(spec: dict[str, Any], dark: bool) -> dict[str, Any]:
    """A specification whose words can be read on a light or a dark page."""
    config = spec.get("config", {})
    words = {**config.get("text", {}), "color": INKS[dark]}
    return {**spec, "config": {**config, "text": words}}


def _packed(rows: list[dict]) -> bytes:
    table = pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False)
    packed = pa.BufferOutputStream()
    with pa.ipc.new_stream(packed, table.schema) as stream:
        stream.write_table(table)
    return packed.getvalue().to_pybytes()
