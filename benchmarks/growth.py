"""How what a benchmark measures grows with its size."""

import numpy as np


def exponents(sizes, **figures):
    """By which power of the size each figure grows, as a sentence: the slopes of the logarithms.

    >>> exponents([10, 100], processor=[1, 2], peak=[5, 50])
    'Exponents: processor 0.30, peak 1.00.'
    """
    slopes = {name: np.polyfit(np.log(sizes), np.log(values), 1)[0] for name, values in figures.items()}
    return f"Exponents: {', '.join(f'{name} {slope:.2f}' for name, slope in slopes.items())}."
