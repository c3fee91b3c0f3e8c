"""The library `lifetimes`, fitted: a second opinion where it is right."""

import warnings


def fitted(name, *columns):
    """The lifetimes fitter `name`, fitted to the columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes

        return getattr(lifetimes, name)().fit(*columns)


def silently(function, *arguments):
    """function(*arguments): lifetimes warns and resets the filters whenever it works."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments)
