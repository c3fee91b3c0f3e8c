"""A small organisation of Zoho CRM, with the values that trip readers."""

from clvlab.crm.fakes.zoho import Field, Module

FIRST = 4768000000000100001
LABELS = {"group": "Clv_Group", "value": "Clv_Value", "p_alive": "Clv_P_Alive", "as_of": "Clv_As_Of"}
ACCOUNTS, INVOICES, LEADS = 450, 450, 3


def account_id(at):
    return str(FIRST + at)


def lead_id(at):
    return str(FIRST + 700_000 + at)


def case_id(at):
    return str(FIRST + 800_000 + at)


def organisation():
    moment = "2026-01-05T01:10:47+08:00"
    accounts = {
        account_id(at): {
            "id": account_id(at),
            "Account_Name": f"Firm {at // 2}",
            "Account_Type": "Customer",
            "Industry": "Home" if at % 2 else None,
            "Rating": "Active" if at % 3 == 0 else None,
            "Billing_State": "Zhejiang",
            "Owner": {"name": "Sales One", "id": "77", "email": "one@firm.example"},
            "Tag": [{"name": "VIP", "id": "5", "color_code": None}],
            "Phone": "+86 571 8800 1234",
            "Email": f"office{at}@firm.example",
            "Exchange_Rate": 7.1,
            "Contacts_List": [{"Name": "A"}],
            "Clv_Group": None,
            "Clv_Value": None,
            "Clv_P_Alive": None,
            "Clv_As_Of": None,
            "Created_Time": moment,
            "Modified_Time": moment,
        }
        for at in range(ACCOUNTS)
    }
    texts = ("Account_Name", "Account_Type", "Rating", "Billing_State", "Owner", "Tag")
    fields = {name: Field(name) for name in texts}
    fields |= {
        "Industry": Field("Industry", "picklist", choices={"Home": "家居", "Works": "工业"}),
        "Phone": Field("Phone", "phone"),
        "Email": Field("Email", "email"),
        "Exchange_Rate": Field("Exchange_Rate", "double"),
        "Contacts_List": Field("Contacts_List", "subform"),
        "Clv_Group": Field("Clv_Group", length=30, custom=True),
        "Clv_Value": Field("Clv_Value", "double", custom=True),
        "Clv_P_Alive": Field("Clv_P_Alive", "double", custom=True),
        "Clv_As_Of": Field("Clv_As_Of", "date", custom=True),
        "Modified_Time": Field("Modified_Time", "datetime", read_only=True),
        "Created_Time": Field("Created_Time", "datetime", read_only=True),
    }
    invoices = {
        str(FIRST + 900_000 + at): {
            "id": str(FIRST + 900_000 + at),
            "Account_Name": {"name": f"Firm {at // 2}", "id": account_id(at)},
            "Invoice_Date": "2026-01-05",
            "Grand_Total": "100.50" if at == 0 else 100 + at,
            "Status": "Approved" if at % 10 else "Cancelled",
            "Invoiced_Items": [{"Quantity": 1, "Total": 100}],
            "Created_Time": "2026-01-05T00:30:00+08:00",
            "Modified_Time": moment,
        }
        for at in range(INVOICES)
    }
    of_invoices = {name: Field(name) for name in ("Account_Name", "Status")}
    of_invoices |= {name: Field(name, "datetime") for name in ("Created_Time", "Modified_Time")}
    of_invoices |= {
        "Invoice_Date": Field("Invoice_Date", "date"),
        "Grand_Total": Field("Grand_Total", "currency"),
        "Invoiced_Items": Field("Invoiced_Items", "subform"),
    }
    deals = {
        str(FIRST + 500_000 + at): {
            "id": str(FIRST + 500_000 + at),
            "Account_Name": {"name": "Firm", "id": account_id(at)} if at < 3 else None,
            "Closing_Date": "2026-01-05",
            "Amount": 10.0 * (at + 1),
            "Stage": stage,
            "Lead_Source": "Fair",
            "Modified_Time": moment,
            "Created_Time": moment,
        }
        for at, stage in enumerate(["Closed Won", "Qualification", "Closed Lost", "Negotiation"])
    }
    of_deals = {name: Field(name) for name in ("Account_Name", "Stage", "Lead_Source")}
    of_deals |= {"Closing_Date": Field("Closing_Date", "date"), "Amount": Field("Amount", "currency")}
    of_deals |= {name: Field(name, "datetime") for name in ("Created_Time", "Modified_Time")}
    leads = {
        lead_id(at): {
            "id": lead_id(at),
            "Company": f"Prospect {at}",
            "Lead_Source": "Web",
            "Industry": "Home",
            "State": None,
            "Email": f"lead{at}@firm.example",
            "Created_Time": moment,
            "Modified_Time": moment,
        }
        for at in range(LEADS)
    }
    of_leads = {name: Field(name) for name in ("Company", "Lead_Source", "Industry", "State")}
    of_leads |= {"Email": Field("Email", "email"), "Created_Time": Field("Created_Time", "datetime")}
    cases = {
        case_id(at): {
            "id": case_id(at),
            "Account_Name": {"name": "Firm", "id": account_id(at)},
            "Satisfaction": score,
            "Created_Time": "2026-01-20T23:30:00-05:00",
            "Modified_Time": moment,
        }
        for at, score in enumerate([5, 2, None])
    }
    of_cases = {"Account_Name": Field("Account_Name"), "Satisfaction": Field("Satisfaction", "integer")}
    of_cases |= {name: Field(name, "datetime") for name in ("Created_Time", "Modified_Time")}
    return {
        "Leads": Module(of_leads | {"Modified_Time": Field("Modified_Time", "datetime")}, leads),
        "Cases": Module(of_cases, cases),
        "Accounts": Module(fields, accounts, lines="Contacts_List"),
        "Invoices": Module(of_invoices, invoices, lines="Invoiced_Items"),
        "Deals": Module(of_deals, deals),
    }
