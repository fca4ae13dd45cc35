"""How long work tells where it stands, and what it warns of."""

import warnings

import pytest

from whalecore.workflow.progress import warnings_as_notes


def test_a_warning_becomes_a_note_of_one_sentence():
    told = []
    with warnings_as_notes(told.append):
        warnings.warn("Training starts from chance.", stacklevel=1)
    assert [(one.step, one.message) for one in told] == [("note", "Training starts from chance.")]


def test_what_no_user_is_meant_to_read_is_no_note():
    told = []
    with pytest.warns(DeprecationWarning, match="Old"), warnings_as_notes(told.append):
        warnings.warn("Old.", DeprecationWarning, stacklevel=1)
    assert told == []
