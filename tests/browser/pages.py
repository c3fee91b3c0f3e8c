"""A published page in a browser."""


def draw_all(page):
    """Scroll to each chart and wait until it is drawn; returns how many there are."""
    charts = page.locator(".chart")
    for place in range(charts.count()):
        charts.nth(place).scroll_into_view_if_needed()
        charts.nth(place).locator("svg").wait_for(timeout=20_000)
    return charts.count()
