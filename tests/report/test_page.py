# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page of a report in a real browser."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
import report_samples as samples

from ansible_collections.clumio.aws.plugins.filter.report import connection_report, report_page

DESKTOP = {"viewport": {"width": 1200, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}

# Each text with its color and all backgrounds beneath it, the nearest first; hidden ones aside.
TEXTS_AND_COLORS = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("svg, .hidden")) { continue; }
    const grounds = [];
    for (let e = element; e; e = e.parentElement) { grounds.push(getComputedStyle(e).backgroundColor); }
    found.push([walker.currentNode.data.trim(), getComputedStyle(element).color, grounds]);
  }
  for (const text of document.querySelectorAll("svg text")) {
    const box = text.parentElement.querySelector("rect");
    found.push([text.textContent, getComputedStyle(text).fill, [getComputedStyle(box).fill]]);
  }
  return found;
}"""

# What a person sees of the result of a connection, as the sighted do.
ROWS = """rows => rows.map(row => [row.querySelector("a").textContent, ...[...row.querySelectorAll("td")]
  .map(cell => cell.textContent.trim())])"""


@pytest.fixture(scope="module")
def document():
    return samples.fleet(20)


@pytest.fixture(scope="module")
def html(document):
    return report_page(document)


def luminance(color):
    """Source: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def is_seen_through(color):
    return color.startswith("rgba") and color.endswith(", 0)")


def test_the_numbers_are_those_of_the_document(open_page, document, html):
    page, told = open_page(html, **DESKTOP), json.loads(document)
    counts = told["counts"]
    shown = page.eval_on_selector_all("[data-count]", "all => all.map(e => [e.dataset.count, Number(e.textContent)])")
    assert dict(shown) == {
        **{status: counts[status] for status in ("failed", "attention", "not_run", "ok")},
        "create": counts["changes"]["create"],
        "checks": counts["checks"]["total"],
    }
    assert page.title() == "Validation of 20 connections: 4 failed, 2 to look at, 2 not reached, 12 in order"
    words = {"failed": "failed", "attention": "to look at", "not_run": "not reached", "ok": "in order"}
    rows = page.eval_on_selector_all("tbody tr[data-status]", ROWS)
    assert [(row[0], row[1], *map(int, row[-2:])) for row in rows] == [
        (one["id"], words[one["status"]], len(one["findings"]), sum(one["changes"].values()))
        for one in told["connections"]
    ]
    drifted = next(row for row in rows if row[0] == "200000000001_eu-central-1")
    assert drifted[2:5] == ["2 faults", "2 faults", "unlinked"]


def test_each_connection_has_what_the_document_has(open_page, document, html):
    page = open_page(html, **DESKTOP)
    for one in json.loads(document)["connections"]:
        place = page.locator(f"[id='{one['id']}']")
        assert place.locator(".findings > li").count() == len(one["findings"])
        rows = place.locator("table:has(th:text-is('Resource')) tbody tr")
        assert rows.count() == len(one["resources"])
        cells = place.locator("h4:text-is('Permissions') + .table td .word")
        assert sorted(cells.all_text_contents()) == sorted(row["status"] for row in one["permissions"] or ())
        closed = [trust["role"] for trust in one["trust"] if trust["status"] == "ok"]
        told = place.locator("p:has-text('Closed to all without the external id')").all_text_contents()
        assert [line.partition(": ")[2].rstrip(".") for line in told] == ([", ".join(closed)] if closed else [])
        steps = place.locator("h4:text-is('Times') + table tbody .number")
        assert steps.all_text_contents() == [f"{step['seconds']:.2f}" for step in one["steps"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(open_page, html, scheme):
    page = open_page(html, color_scheme=scheme, **DESKTOP)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    found = page.evaluate(TEXTS_AND_COLORS)
    assert len(found) > 500
    # AA asks for 4.5, https://www.w3.org/TR/WCAG22/#contrast-minimum
    low = {
        text: (color, ground)
        for text, color, grounds in found
        for ground in [next(ground for ground in grounds if not is_seen_through(ground))]
        if contrast(color, ground) < 4.5
    }
    assert low == {}
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (luminance(ground) > 0.8) == (scheme == "light")


@pytest.mark.parametrize("width", [320, 360, 768])
def test_a_narrow_screen_scrolls_in_one_direction_only(open_page, html, width):
    page = open_page(html, **{**PHONE, "viewport": {"width": width, "height": 740}})
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # What is cut off a wide table can be reached, by keyboard too.
    assert (
        page.evaluate("""[...document.querySelectorAll("*")].filter(e => e.checkVisibility()
      && e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".table[tabindex='0']")).length""")
        == 0
    )


def test_marks_have_words_even_where_only_marks_are_seen(open_page, html):
    page = open_page(html, **PHONE)
    cell = page.locator("tr[data-status=failed] td").first
    assert cell.text_content().strip() == "failed"
    mark = cell.locator("span").first.evaluate("e => getComputedStyle(e, '::before').content")
    assert "\u2715" in mark


def test_headings_have_no_gaps(open_page, html):
    levels = open_page(html, **DESKTOP).eval_on_selector_all(
        "h1, h2, h3, h4", "all => all.map(e => Number(e.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_drawing_has_a_name_and_a_description(open_page, html):
    page = open_page(html, **DESKTOP)
    drawing = page.get_by_role("img", name="Rules, topic, roles and Clumio in 200000000001_eu-central-1")
    assert drawing.is_visible()
    assert "reports to the topic ClumioEventPub" in drawing.locator("desc").text_content()
    inside = drawing.evaluate("""svg => [...svg.querySelectorAll("g")].every(g => {
      const box = g.querySelector("rect").getBBox();
      return [...g.querySelectorAll("text")].every(text => {
        const own = text.getBBox();
        return own.x >= box.x && own.x + own.width <= box.x + box.width;
      });
    })""")
    assert inside


def test_connections_are_found_by_status_and_by_name(open_page, html):
    page = open_page(html, **DESKTOP)
    rows = page.locator("tbody tr[data-status]:visible")
    page.get_by_role("button", name="to look at (2)").click()
    assert rows.count() == 2
    assert page.locator("details:visible").count() == 2
    assert page.get_by_role("status").text_content() == "2 shown"
    page.get_by_role("button", name="all").click()
    page.get_by_role("searchbox").fill("EU-Central")
    assert rows.count() == 10
    page.get_by_role("searchbox").fill("200000000004")
    assert rows.count() == 1
    rows.first.get_by_role("link").click()
    assert page.locator("[id='200000000004_us-west-2']").get_attribute("open") == ""


def test_it_is_all_there_without_scripts(open_page, html):
    page = open_page(html, java_script_enabled=False, **DESKTOP)
    assert page.locator("tbody tr[data-status]").count() == 20
    assert not page.locator(".filter").is_visible()
    page.locator("details summary").last.click()
    assert page.locator("details").last.locator("h4").first.is_visible()


def test_what_others_wrote_does_nothing(open_page, html):
    page = open_page(html, **DESKTOP)
    assert page.locator("main b, main script").count() == 0
    assert samples.MARKUP in page.locator(".findings").first.text_content()


def test_it_prints(open_page, html):
    page = open_page(html, color_scheme="dark", **DESKTOP)
    page.emulate_media(media="print")
    assert not page.locator(".filter").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 2


def test_one_connection_needs_no_overview(open_page):
    text = connection_report(samples.onboarded(), "111122223333", "us-west-2", "onboard", by_wizard=True, dry_run=True)
    html = report_page(samples.document({"host": text}, "onboard", dry_run=True))
    page = open_page(html, **DESKTOP)
    assert page.get_by_role("heading", name="Onboarding of 1 connection").is_visible()
    assert page.locator("tr[data-status]").count() == 0
    assert page.get_by_text("A dry run.", exact=True).is_visible()
    assert page.get_by_text("arn:aws:iam::111122223333:role/ClumioIAMRole").first.is_visible()
    assert page.locator("td", has_text="to be made").count() == 10


def test_hundreds_of_connections_open_at_once(open_page):
    page = open_page(report_page(samples.fleet(500)), **DESKTOP)
    # Until everything is there and shown, in milliseconds.
    opened = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert opened < 3000
    filtered = page.evaluate("""async () => {
      const start = performance.now();
      document.querySelector(".filter button[value=failed]").click();
      await new Promise(shown => requestAnimationFrame(() => requestAnimationFrame(shown)));
      return performance.now() - start;
    }""")
    assert filtered < 1000
    assert page.locator("tbody tr[data-status]:not([hidden])").count() == 100
    assert page.locator("details").count() == 500
