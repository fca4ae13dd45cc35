"""Which models of a lab count now."""

from __future__ import annotations

from whalecore.lab.lab import Lab


def newest_models(lab: Lab) -> list[dict]:
    """Rows of table ``models``: the newest of each fold, by fold."""
    newest: dict[int, dict] = {}
    for model in sorted(lab.rows("models"), key=lambda row: row["trained_at"]):
        newest[model["fold"]] = model
    return [newest[fold] for fold in sorted(newest)]
