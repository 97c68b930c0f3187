# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filters: what goes between them, the page that comes out, and their documentation."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
import report_samples as samples
from ansible.errors import AnsibleFilterError

from ansible_collections.clumio.aws.plugins.filter.report import (
    SECRET_VARIABLES,
    TEMPLATES,
    FilterModule,
    connection_report,
    report_page,
    report_summary,
)

VOID = {"meta", "link", "input", "br", "wbr"}


class Page(HTMLParser):
    """Every element has its end, in order; keeps the elements, their ids and what they refer to."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.text = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)

    def values(self, name):
        return [attributes[name] for _, attributes in self.elements if name in attributes]


@pytest.fixture(scope="module")
def fleet():
    return samples.fleet(20)


@pytest.fixture(scope="module")
def html(fleet):
    return report_page(fleet)


def test_the_page_is_well_formed_and_its_references_hold(html):
    page = Page(html)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in page.values("href") if target.startswith("#")} <= set(ids)
    assert {name for names in page.values("aria-labelledby") for name in names.split()} <= set(ids)
    assert {name[5:-1] for name in page.values("marker-end")} <= set(ids)
    assert page.elements[0] == ("html", {"lang": "en"})
    assert all("scope" in attributes for tag, attributes in page.elements if tag == "th")


def test_nothing_comes_from_elsewhere(html):
    page = Page(html)
    assert [tag for tag, attributes in page.elements if "src" in attributes] == []
    assert page.values("href")[0] == "data:,"
    assert [target for target in page.values("href")[1:] if not target.startswith("#")] == []
    assert re.findall(r"url\((?!#a-)|@import|@font-face|https?://", html) == []


def test_what_others_wrote_is_text(html):
    page = Page(html)
    assert [tag for tag, _ in page.elements if tag == "script"] == ["script"]
    assert [attributes for tag, attributes in page.elements if tag == "b" or "onclick" in attributes] == []
    assert samples.MARKUP in "".join(page.text)


@pytest.mark.parametrize("secret", samples.SECRETS)
def test_no_secret_is_in_page_document_or_summary(fleet, html, secret):
    assert secret not in fleet
    assert secret not in html
    assert secret not in "\n".join(report_summary(fleet))


@pytest.mark.parametrize("name", SECRET_VARIABLES)
def test_what_the_environment_holds_is_secret(monkeypatch, name):
    monkeypatch.setenv(name, "kept-in-the-environment")
    text = connection_report({}, "111122223333", "us-west-2", "onboard", failure={"msg": "kept-in-the-environment"})
    assert "kept-in-the-environment" not in text


def test_ansible_finds_no_template_in_what_it_keeps(fleet, html):
    text = connection_report({}, "111122223333", "us-west-2", "onboard", failure={"msg": r"\{{ 1 }}{% x %}{# y #}"})
    for each in (text, fleet, html):
        assert re.findall(r"\{[{%#]", each) == []
        assert each[0] not in "{["
    assert json.loads(text)["failure"]["message"] == r"\{{ 1 }}{% x %}{# y #}"


def test_templates_have_nothing_that_would_be_taken_for_one():
    assert re.findall(r"\{[{%#]", (TEMPLATES / "report.css").read_text() + (TEMPLATES / "report.js").read_text()) == []


def test_what_is_no_dictionary_of_results_is_refused():
    with pytest.raises(AnsibleFilterError, match="takes a dictionary of results"):
        connection_report("results", "111122223333", "us-west-2", "onboard")


def test_the_documentation_names_every_argument():
    filters = FilterModule().filters()
    names = [f"clumio.aws.{name}" for name in filters]
    command = [sys.executable, "-m", "ansible", "doc", "--json", "--type", "filter", *names]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    shown = json.loads(run.stdout)
    for name, function in filters.items():
        options = shown[f"clumio.aws.{name}"]["doc"]["options"]
        parameters = list(inspect.signature(function).parameters.values())
        assert "_input" in options
        assert set(options) - {"_input"} == {parameter.name for parameter in parameters[1:]}
        required = {parameter.name for parameter in parameters[1:] if parameter.default is parameter.empty}
        assert {option for option, told in options.items() if told.get("required")} == {"_input", *required}
