"""What to plan with: purchases and revenue of the whole business ahead, customers to come included."""

from clvlab.planning.forecast import Forecast, forecast

__all__ = ["Forecast", "forecast"]
