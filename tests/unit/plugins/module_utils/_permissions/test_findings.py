# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.findings import Finding, refuse_errors

FIRST = Finding(code="first", section="roles", entity="R", member="trust_policy", message="It is bad.", hint="Mend it.")
SECOND = Finding(code="second", message="It is worse.", found=2, limit=1)
WARNING = Finding(level="warning", code="warned", section="rules", message="Look.")


@pytest.mark.parametrize(
    ("finding", "place", "sentence"),
    [
        (FIRST, "roles.R.trust_policy", "roles.R.trust_policy: It is bad. Mend it."),
        (SECOND, "", "It is worse."),
        (WARNING, "rules", "rules: Look."),
    ],
)
def test_finding_on_one_line(finding, place, sentence):
    assert finding.place == place
    assert finding.sentence == sentence


def test_finding_for_a_machine():
    assert SECOND.as_dict() == {
        "level": "error",
        "code": "second",
        "section": "",
        "entity": "",
        "member": "",
        "message": "It is worse.",
        "found": 2,
        "limit": 1,
        "hint": "",
    }


@pytest.mark.parametrize(
    ("findings", "message"),
    [
        ([FIRST], "The file is bad: roles.R.trust_policy: It is bad. Mend it."),
        ([WARNING, FIRST], "The file is bad: roles.R.trust_policy: It is bad. Mend it."),
        (
            [FIRST, WARNING, SECOND],
            "The file is bad, for 2 reasons: (1) roles.R.trust_policy: It is bad. Mend it. (2) It is worse.",
        ),
    ],
)
def test_errors_are_refused_all_at_once(findings, message):
    with pytest.raises(InputError) as caught:
        refuse_errors(findings, "The file is bad")
    assert caught.value.message == message
    assert caught.value.code == "first"
    assert caught.value.facts["findings"] == [finding.as_dict() for finding in findings]


@pytest.mark.parametrize("findings", [[], [WARNING]])
def test_warnings_are_not_refused(findings):
    assert refuse_errors(findings, "The file is bad") is None
