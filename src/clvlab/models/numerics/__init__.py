"""The machinery below the formulas: derivatives, distinct rows, quadrature, the maximum of a likelihood."""
