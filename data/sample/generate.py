"""Write the small sample of the lighting retailer next to this file; `make sample` runs it."""

from pathlib import Path

import clvlab as cl

N_CUSTOMERS, SEED = 300, 2023
HERE = Path(__file__).parent


def main() -> None:
    """Write the log and its attribute tables as CSV."""
    log = cl.datasets.lighting(N_CUSTOMERS, seed=SEED)
    customers, surveys, referrals, pipeline = log.attributes
    log.data.write_csv(HERE / "lighting_orders.csv", float_precision=2)
    customers.write_csv(HERE / "lighting_customers.csv")
    surveys.write_csv(HERE / "lighting_surveys.csv")
    referrals.write_csv(HERE / "lighting_referrals.csv")
    pipeline.write_csv(HERE / "lighting_pipeline.csv")


if __name__ == "__main__":
    main()
