"""The machinery below the formulas: derivatives, distinct rows, quadrature, maxima. README.md says how a fit runs."""
