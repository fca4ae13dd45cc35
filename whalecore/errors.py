"""The one error family: every sentence a user may read starts here."""


class WhalecoreError(Exception):
    """Something a user can act on.

    The message is one sentence that says what was found, what is allowed and
    what to do. The command line prints it and exits with 1; a page shows it.
    """


class PhotoError(WhalecoreError):
    """A photo cannot be used as it is."""


class CatalogueError(WhalecoreError):
    """A catalogue (CSV or folder) cannot be read as one."""


class CheckpointError(WhalecoreError):
    """A model file is missing, damaged or of another kind."""


class LabError(WhalecoreError):
    """A lab folder is missing, damaged or in use."""


class TooFewError(LabError):
    """The lab is too small for a step; the others go on without it."""


class SettingsError(WhalecoreError):
    """A setting has a value that is not allowed."""
