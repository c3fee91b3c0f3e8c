"""What a benchmark measures of its steps, and how that grows with its size."""

import resource
import time

import numpy as np


def timed(steps):
    """Processor time until each step was done, the wall's, in seconds, and the peak of memory, in MB.

    `steps` yields once when all is imported, then the name of each step when it is done.
    """
    next(steps)
    processor, wall = time.process_time(), time.perf_counter()
    found = {step: time.process_time() - processor for step in steps}
    found["wall"] = time.perf_counter() - wall
    return found | {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def exponents(sizes, **figures):
    """By which power of the size each figure grows, as a sentence: the slopes of the logarithms.

    >>> exponents([10, 100], processor=[1, 2], peak=[5, 50])
    'Exponents: processor 0.30, peak 1.00.'
    """
    slopes = {name: np.polyfit(np.log(sizes), np.log(values), 1)[0] for name, values in figures.items()}
    return f"Exponents: {', '.join(f'{name} {slope:.2f}' for name, slope in slopes.items())}."
