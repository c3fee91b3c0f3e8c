"""Arrays by what is in them, so that a signature says it."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]  # shape (n,): one number each
Matrix = NDArray[np.float64]  # shape (n, k)
Counts = NDArray[np.int64]  # shape (n,): whole numbers, 0 or more
Labels = NDArray[np.int64]  # shape (n,): which group each is in, from 0
Positions = NDArray[np.intp]  # shape (n,): places in another array
Flags = NDArray[np.bool_]  # shape (n,): whether it holds of each
