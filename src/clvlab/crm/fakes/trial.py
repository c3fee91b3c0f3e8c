"""How to try a connector against a fake: parameters and commands, as they are typed."""

from collections.abc import Mapping

from clvlab.crm.fakes import fxiaoke, zoho
from clvlab.crm.fakes.fxiaoke import FakeFxiaoke
from clvlab.crm.fakes.retailer import FXIAOKE_LABELS, LABELS, retailer, tenant
from clvlab.crm.fakes.server import FakeServer
from clvlab.crm.fakes.zoho import FakeZoho

NAMES = {"zoho": "Zoho CRM", "fxiaoke": "纷享销客"}
CREDENTIALS = {
    "ZOHO_CLIENT_ID": zoho.CLIENT,
    "ZOHO_CLIENT_SECRET": zoho.SECRET,
    "ZOHO_REFRESH_TOKEN": zoho.REFRESH,
}
FXIAOKE_CREDENTIALS = {
    "FXIAOKE_APP_ID": fxiaoke.APP,
    "FXIAOKE_APP_SECRET": fxiaoke.SECRET,
    "FXIAOKE_PERMANENT_CODE": fxiaoke.CODE,
    "FXIAOKE_USER_ID": fxiaoke.USER,
}
"""What the fakes' clients are called by; secrets of nobody."""
_QUICK = 1_000_000


def made_up(kind: str, n_customers: int) -> FakeServer:
    """The lighting retailer as a CRM of a kind; one that is tried by hand takes as many calls as come."""
    if kind == "zoho":
        return FakeZoho(retailer(n_customers))
    return FakeFxiaoke(tenant(n_customers), fxiaoke.Switches(per_window=_QUICK, per_day=_QUICK))


def trial(kind: str, url: str) -> str:
    """Lines for a shell that make a report of a fake at an address and write labels into it."""
    if kind == "zoho":
        return _lines(
            CREDENTIALS, f'crm: zoho, orders: Deals, login: "{url}", api: "{url}"', LABELS, "{Stage: [Closed Won]}"
        )
    return _lines(
        FXIAOKE_CREDENTIALS, f'crm: fxiaoke, api: "{url}"', FXIAOKE_LABELS, "{life_status: [normal]}", "lang: zh\n"
    )


def _lines(secrets: Mapping[str, str], source: str, labels: Mapping[str, str], where: str, more: str = "") -> str:
    fields = ", ".join(f"{ours}: {theirs}" for ours, theirs in labels.items())
    given = "\n".join(f"export {name}={value}" for name, value in secrets.items())
    return f"""
{given}
cat > crm.yaml <<END
name: crm
source: {{{source}, labels: {{{fields}}}}}
where: {where}
as_of: 2025-12-31
holdout: 39 weeks
{more}END
clvlab report crm.yaml
clvlab label crm.yaml
clvlab label crm.yaml --apply
clvlab label crm.yaml --undo reports/crm/.labels/2025-12-31-001.undo.jsonl --apply
"""
