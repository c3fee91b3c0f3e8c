"""How to try a connector against a fake: parameters and commands, as they are typed."""

from clvlab.crm.fakes.retailer import LABELS
from clvlab.crm.fakes.zoho import CLIENT, REFRESH, SECRET

CREDENTIALS = {"ZOHO_CLIENT_ID": CLIENT, "ZOHO_CLIENT_SECRET": SECRET, "ZOHO_REFRESH_TOKEN": REFRESH}
"""What the fake's client is called by; secrets of nobody."""


def trial(url: str) -> str:
    """Lines for a shell that make a report of a fake at an address and write labels into it."""
    fields = ", ".join(f"{ours}: {theirs}" for ours, theirs in LABELS.items())
    given = "\n".join(f"export {name}={value}" for name, value in CREDENTIALS.items())
    return f"""
{given}
cat > crm.yaml <<END
name: crm
source: {{crm: zoho, orders: Deals, login: "{url}", api: "{url}", labels: {{{fields}}}}}
where: {{Stage: [Closed Won]}}
as_of: 2025-12-31
holdout: 39 weeks
END
clvlab report crm.yaml
clvlab label crm.yaml
clvlab label crm.yaml --apply
clvlab label crm.yaml --undo reports/crm/.labels/2025-12-31-001.undo.jsonl --apply
"""
