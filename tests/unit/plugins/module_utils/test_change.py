# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from dataclasses import replace

import pytest
from permissions_files import PLACE, policy

from ansible_collections.clumio.aws.plugins.module_utils._change import Change, as_result, differences, readable
from ansible_collections.clumio.aws.plugins.module_utils._permissions.plan import (
    InlinePolicy,
    Role,
    Rule,
    SsmDocument,
    Target,
    Topic,
)

ONE, TWO = policy(Action=["S3:GetObject", "s3:A"], Resource="*"), policy(Action="s3:B", Resource=["b", "a"])

ROLE = Role(
    name="R",
    arn=PLACE.role_arn("R"),
    description="d",
    trust_policy=policy(Principal={"AWS": "111122223333"}, Action="sts:AssumeRole"),
    managed_policies=("a", "b"),
    inline_policies=(InlinePolicy(name="One", document=ONE), InlinePolicy(name="Two", document=TWO)),
)
RULE = Rule(
    name="R",
    arn=PLACE.rule_arn("R"),
    event_pattern={"source": ["a", "b"]},
    targets=(Target(id="1", arn="x"), Target(id="2", arn="y", settings={"Input": "{}"})),
)
TOPIC = Topic(name="T", arn=PLACE.topic_arn("T"), policy=ONE)
DOCUMENT = SsmDocument(name="D", arn=PLACE.ssm_document_arn("D"), content={"mainSteps": ["a", "b"]})


@pytest.mark.parametrize(
    ("resource", "changes", "differing"),
    [
        (ROLE, {}, ()),
        (ROLE, {"description": "other"}, ("description",)),
        (ROLE, {"managed_policies": ("b", "a")}, ()),
        (ROLE, {"managed_policies": ("a",)}, ("managed_policies",)),
        (ROLE, {"inline_policies": tuple(reversed(ROLE.inline_policies))}, ()),
        (
            ROLE,
            {"inline_policies": (*ROLE.inline_policies[:1], InlinePolicy(name="Two", document=ONE))},
            ("inline_policies",),
        ),
        (
            ROLE,
            {
                "inline_policies": (
                    InlinePolicy(name="One", document=policy(Action=["s3:a", "s3:getobject"], Resource=["*"])),
                    ROLE.inline_policies[1],
                )
            },
            (),
        ),
        (
            ROLE,
            {"trust_policy": policy(Principal={"AWS": ["arn:aws:iam::111122223333:root"]}, Action="STS:AssumeRole")},
            (),
        ),
        (ROLE, {"path": "/a/", "description": ""}, ("description", "path")),
        (RULE, {"event_pattern": {"source": ["b", "a"]}}, ()),
        (RULE, {"event_pattern": {"source": ["b"]}, "state": "DISABLED"}, ("event_pattern", "state")),
        (RULE, {"targets": tuple(reversed(RULE.targets))}, ()),
        (RULE, {"targets": RULE.targets[:1]}, ("targets",)),
        (RULE, {"targets": (RULE.targets[0], replace(RULE.targets[1], settings={}))}, ("targets",)),
        (TOPIC, {"policy": None}, ("policy",)),
        (TOPIC, {"policy": policy(Action=["s3:a", "s3:GETOBJECT"], Resource="*")}, ()),
        # what is no policy and no pattern has an order
        (DOCUMENT, {"content": {"mainSteps": ["b", "a"]}}, ("content",)),
        (DOCUMENT, {"content": {"mainSteps": ["a", "b"]}}, ()),
        (DOCUMENT, {"target_type": "/"}, ("target_type",)),
    ],
)
def test_differences(resource, changes, differing):
    other = replace(resource, **changes)
    assert differences(resource, other) == differing
    assert differences(other, resource) == differing


@pytest.mark.parametrize(("one", "other"), [(True, 1), (False, 0)])
def test_differences_between_truth_and_numbers(one, other):
    assert differences(replace(DOCUMENT, content={"x": one}), replace(DOCUMENT, content={"x": other})) == ("content",)


def change(before, after, **members):
    return Change(section="topics", kind="topic", before=before, after=after, **members)


@pytest.mark.parametrize(
    ("made", "action"),
    [
        (change(None, TOPIC), "create"),
        (change(TOPIC, TOPIC), "none"),
        (change(replace(TOPIC, policy=None), TOPIC, differences=("policy",)), "update"),
        (change(TOPIC, TOPIC, foreign="it has no tag", adoptable=True), "adopt"),
        (change(TOPIC, None), "delete"),
        (change(TOPIC, None, foreign="it has no tag"), "none"),
    ],
)
def test_action(made, action):
    assert made.action == action
    assert made.label == "topic T"


def test_result_of_a_module():
    update = change(replace(TOPIC, policy=None), TOPIC, differences=("policy",))
    other = replace(TOPIC, name="U", arn=PLACE.topic_arn("U"))
    result = as_result([update, change(other, other)], "topics", "rules")
    assert result["changed"] is True
    assert result["topics"] == [TOPIC.as_dict(), other.as_dict()]
    assert result["rules"] == []
    assert result["changes"] == [
        {"section": "topics", "name": "T", "arn": TOPIC.arn, "action": "update", "differences": ["policy"]}
    ]
    (diff,) = result["diff"]
    assert "topic T" in diff["before_header"]
    assert "topic T" in diff["after_header"]
    assert diff["before"]["policy"] is None
    assert diff["after"] == readable(TOPIC)


def test_result_without_changes():
    result = as_result([change(TOPIC, TOPIC)], "topics")
    assert result == {
        "topics": [TOPIC.as_dict()],
        "changed": False,
        "changes": [],
        "diff": [],
        "extras": [],
        "kept": [],
    }


def test_result_of_a_removal():
    """What is ours goes, what is not is told."""
    theirs = replace(TOPIC, name="U", arn=PLACE.topic_arn("U"))
    result = as_result([change(TOPIC, None), change(theirs, None, foreign="it has no tag")], "topics")
    place = {"section": "topics", "name": "T", "arn": TOPIC.arn}
    assert result["topics"] == []
    assert result["changes"] == [place | {"action": "delete", "differences": []}]
    assert result["kept"] == [place | {"name": "U", "arn": theirs.arn, "reason": "it has no tag"}]
    (diff,) = result["diff"]
    assert (diff["before"], diff["after"]) == (readable(TOPIC), "")


def test_result_of_an_adoption():
    """It is told that the resource has not been ours so far, and all in which it differs."""
    adopted = change(replace(TOPIC, tags={}), TOPIC, differences=("tags",), foreign="it has no tag", adoptable=True)
    result = as_result([adopted], "topics")
    assert [(item["action"], item["differences"]) for item in result["changes"]] == [("adopt", ["tags"])]
    assert result["diff"][0]["before_header"] == "topic T, so far not ours: it has no tag"
    assert result["kept"] == []


def test_extras_are_told_without_a_change():
    result = as_result([change(TOPIC, TOPIC, extras=("target A", "target B"))], "topics")
    assert result["changed"] is False
    place = {"section": "topics", "name": "T", "arn": TOPIC.arn}
    assert result["extras"] == [place | {"extra": "target A"}, place | {"extra": "target B"}]


# ---- in words

IN_WORDS = {
    "a description": (ROLE, {"description": "other"}, ["description is changed"]),
    "a trust policy": (ROLE, {"trust_policy": policy(Action="sts:AssumeRole")}, ["trust policy is changed"]),
    "a boundary": (ROLE, {"permissions_boundary": "arn"}, ["permissions boundary is changed"]),
    "attached policies": (
        ROLE,
        {"managed_policies": ("b", "c")},
        ["attached policy a is missing", "attached policy c is superfluous"],
    ),
    "inline policies": (
        ROLE,
        {"inline_policies": (InlinePolicy(name="One", document=TWO), InlinePolicy(name="Three", document=ONE))},
        [
            "inline policy One is changed",
            "inline policy Three is superfluous",
            "inline policy Two is missing",
        ],
    ),
    "targets": (
        RULE,
        {"targets": (Target(id="1", arn="z"), Target(id="3", arn="y"))},
        ["target 1 is changed", "target 2 is missing", "target 3 is superfluous"],
    ),
    "a state": (RULE, {"state": "DISABLED"}, ["state is changed"]),
    "tags": (
        replace(TOPIC, tags={"A": "a", "B": "b"}),
        {"tags": {"B": "c", "C": "d"}},
        ["tag A is missing", "tag B is changed", "tag C is superfluous"],
    ),
    "no tags": (replace(TOPIC, tags={"A": "a"}), {"tags": None}, ["tag A is missing"]),
    "nothing": (ROLE, {"managed_policies": ("b", "a")}, []),
}


@pytest.mark.parametrize(("wanted", "held", "told"), IN_WORDS.values(), ids=IN_WORDS)
def test_told(wanted, held, told):
    before = replace(wanted, **held)
    assert change(before, wanted, differences=differences(wanted, before)).told() == told


@pytest.mark.parametrize(("before", "after"), [(None, ROLE), (ROLE, None)])
def test_what_is_made_or_goes_differs_in_nothing(before, after):
    assert change(before, after).told() == []


def test_readable_is_sorted_in_the_authors_spelling():
    (first, second) = readable(ROLE)["inline_policies"]
    assert first["document"]["Statement"][0]["Action"] == ["S3:GetObject", "s3:A"]
    assert second["document"]["Statement"][0]["Resource"] == ["a", "b"]
