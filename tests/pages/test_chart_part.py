"""A chart is made once for what it shows, and sent with its data."""

import altair as alt
import pandas as pd
import pyarrow as pa

from pages.parts.chart import spec_of
from whalecore.chart_spec import inked_spec


def bars(frame: pd.DataFrame, colour: str) -> alt.Chart:
    made.append(colour)
    return alt.Chart(frame).mark_bar(color=colour).encode(x="kind:N", y="count:Q")


made: list[str] = []


def test_the_same_chart_is_made_once_and_another_one_is_made_anew():
    frame = pd.DataFrame({"kind": ["a", "b"], "count": [1, 2]})
    made.clear()
    spec_of.clear()
    first = spec_of(bars, "bars", frame, "green")
    assert spec_of(bars, "bars", frame.copy(), "green") == first
    assert made == ["green"]
    spec_of(bars, "bars", frame.assign(count=[1, 3]), "green")
    spec_of(bars, "bars", frame, "purple")
    assert made == ["green", "green", "purple"]


def test_words_take_the_colour_of_the_page_and_all_else_stays():
    spec = spec_of(bars, "bars", pd.DataFrame({"kind": ["a"], "count": [1]}), "green")
    light, dark = (inked_spec(spec, one) for one in (False, True))
    assert light["config"]["text"]["color"] != dark["config"]["text"]["color"]
    for one in (light, dark):
        rest = {name: part for name, part in one["config"].items() if name != "text"}
        assert {**one, "config": rest} == spec


def test_data_come_packed_as_the_chart_draws_them():
    frame = pd.DataFrame({"kind": ["a", None], "count": [1.5, float("nan")]})
    spec = spec_of(bars, "bars", frame, "green")
    (packed,) = spec["datasets"].values()
    with pa.ipc.open_stream(packed) as stream:
        assert stream.read_all().to_pylist() == [
            {"kind": "a", "count": 1.5},
            {"kind": None, "count": None},
        ]
