"""What a chart draws, for tests that look at its numbers."""


def rows(chart, needed):
    """The data of a chart whose rows have these columns."""
    specification = chart.to_dict()
    return next(
        data
        for data in specification["datasets"].values()
        if all(name in data[0] for name in needed)
    )
