"""A published page in a browser."""

from axe_playwright_python.sync_playwright import Axe


def draw_all(page):
    """Scroll to each chart and wait until it is drawn; returns how many there are."""
    charts = page.locator(".chart")
    for place in range(charts.count()):
        charts.nth(place).scroll_into_view_if_needed()
        charts.nth(place).locator("svg").wait_for(timeout=20_000)
    return charts.count()


def violations(page):
    """What axe-core holds against a page, such as names, contrast, focus, order: its rule and the first element."""
    found = Axe().run(page).response["violations"]
    return [(it["id"], it["nodes"][0]["html"][:200]) for it in found]
