"""Settings of a training as a person writes them: checked names and values."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import fields

from whalecore.errors import SettingsError
from whalecore.identifiers.settings import TrainingSettings

KINDS = {field.name: field.type for field in fields(TrainingSettings)}
TRUTHS = {"yes": True, "true": True, "no": False, "false": False}


def settings_of_pairs(pairs: Sequence[str]) -> dict[str, object]:
    """Settings by name from texts such as ``arcface_margin=0.4``.

    Raises
    ------
    SettingsError
        For a name that does not exist or a value of another kind; whether a value is allowed is
        checked where settings are made.
    """
    chosen = {}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        name, text = name.strip(), text.strip()
        if not separator or not text:
            raise SettingsError(
                f"'{pair}' is not of the form NAME=VALUE, such as arcface_margin=0.4."
            )
        if name not in KINDS:
            raise SettingsError(
                f"There is no setting '{name}' of a training: choose one of {', '.join(KINDS)}."
            )
        chosen[name] = _value(name, text)
    return chosen


def size_of_text(text: str) -> dict[str, int]:
    """The settings ``height`` and ``width`` from a text such as ``256x512``.

    Raises
    ------
    SettingsError
        For anything else.
    """
    found = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text.strip().lower())
    if not found:
        raise SettingsError(
            f"The size '{text}' is not of the form HEIGHTxWIDTH in pixels, such as 256x512."
        )
    return {"height": int(found[1]), "width": int(found[2])}


def _value(name: str, text: str) -> object:
    kind = KINDS[name]
    if kind == "str":
        return text
    if kind == "bool":
        if text.lower() not in TRUTHS:
            raise SettingsError(f"The setting {name} is '{text}', but must be yes or no.")
        return TRUTHS[text.lower()]
    try:
        value = int(text) if kind == "int" else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        allowed = "a whole number" if kind == "int" else "a number"
        raise SettingsError(f"The setting {name} is '{text}', but must be {allowed}.")
    return value
