# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import copy
import itertools
import signal
from contextlib import contextmanager
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from permissions_files import policy

from ansible_collections.clumio.aws.plugins.module_utils._permissions.grants import (
    Grant,
    beyond,
    digest,
    grants,
    matches,
    meet,
    readable,
)


def statements(*items):
    return {"Version": "2012-10-17", "Statement": list(items)}


def acting(action, **others):
    return policy(**{"Action": action, "Resource": "*"} | others)


def on(resource, **others):
    return acting("s3:GetObject", **{"Resource": resource} | others)


def conditioned(**condition):
    return acting("s3:GetObject", Condition=condition)


def by(principal, **others):
    return policy(**{"Principal": principal, "Action": "sts:AssumeRole"} | others)


def gained(before, after):
    return beyond(grants([after]), grants([before]))


# ---- single permissions


def test_a_grant_for_each_action_resource_and_principal():
    document = policy(Principal={"AWS": ["1", "2"]}, Action=["S3:GetObject", "s3:PutObject"], Resource=["a", "b"])
    assert grants([document]) == {
        Grant("Allow", f"AWS:{principal}", action, resource, "")
        for principal, action, resource in itertools.product("12", ["s3:getobject", "s3:putobject"], "ab")
    }


@pytest.mark.parametrize(
    ("document", "grant"),
    [
        (acting("s3:A"), Grant("Allow", "", "s3:a", "*", "")),
        (acting("s3:A", Effect="Deny"), Grant("Deny", "", "s3:a", "*", "")),
        (by("*"), Grant("Allow", "AWS:*", "sts:assumerole", "", "")),
        (by({"Service": "ec2.amazonaws.com"}), Grant("Allow", "Service:ec2.amazonaws.com", "sts:assumerole", "", "")),
        (
            conditioned(StringEquals={"AWS:SourceAccount": ["1"]}),
            Grant("Allow", "", "s3:getobject", "*", '{"StringEquals": {"aws:sourceaccount": "1"}}'),
        ),
        (policy(NotAction=["iam:B", "iam:A"], Resource="*"), Grant("Allow", "", "not iam:a, iam:b", "*", "")),
        (policy(Action="s3:A", NotResource=["b", "a"]), Grant("Allow", "", "s3:a", "not a, b", "")),
    ],
)
def test_parts_of_a_grant(document, grant):
    assert grants([document]) == {grant}


@pytest.mark.parametrize("nothing", [{}, {"Statement": []}])
def test_no_statement_grants_nothing(nothing):
    assert grants([nothing]) == grants([]) == frozenset()


# ---- what is granted anew

COVERED = {
    "the same": (acting("s3:A"), acting("s3:A")),
    "a list of one": (acting("s3:A"), acting(["s3:A"])),
    "fewer actions": (acting(["s3:A", "s3:B"]), acting("s3:A")),
    "fewer resources": (on(["a", "b"]), on("b")),
    "in two statements": (
        acting(["s3:A", "s3:B"]),
        statements(*acting("s3:A")["Statement"], *acting("s3:B")["Statement"]),
    ),
    "another name of the statement": (acting("s3:A", Sid="One"), acting("s3:A", Sid="Uno")),
    "any action": (acting("*"), acting("iam:PassRole")),
    "any action of the service": (acting("s3:*"), acting("s3:GetObject")),
    "star at the end": (acting("s3:Get*"), acting("s3:GetObject")),
    "star for nothing": (acting("s3:GetObject*"), acting("s3:GetObject")),
    "star in the middle": (acting("s3:Get*Acl"), acting("s3:GetObjectAcl")),
    "question mark": (acting("s3:GetObjec?"), acting("s3:GetObject")),
    "a narrower pattern": (acting("s3:Get*"), acting("s3:GetObject*")),
    "case of actions": (acting("S3:get*"), acting("s3:GetObject")),
    "any resource": (on("*"), on("arn:aws:s3:::a/b")),
    "resource with a star": (on("arn:aws:s3:::a/*"), on("arn:aws:s3:::a/b")),
    "anything for all but some": (acting("*"), policy(NotAction="iam:*", Resource="*")),
    "any resource for all but some": (on("*"), policy(Action="s3:GetObject", NotResource="a")),
    "all but others": (policy(NotAction=["iam:*", "sts:*"], Resource="*"), acting("s3:Get*")),
    "all resources but others": (policy(Action="s3:*", NotResource="arn:a/*"), on("arn:b/*")),
    "more exceptions": (policy(NotAction="a:A", Resource="*"), policy(NotAction=["a:A", "b:B"], Resource="*")),
    "a wider exception": (policy(NotAction="a:A", Resource="*"), policy(NotAction="a:*", Resource="*")),
    "the same exceptions": (policy(NotAction=["a:A", "b:B"]), policy(NotAction=["b:b", "a:a"])),
    "a condition": (acting("s3:GetObject"), conditioned(StringEquals={"k": "v"})),
    "a condition more": (
        conditioned(StringEquals={"k": "v"}),
        conditioned(StringEquals={"k": "v", "l": "w"}, Bool={"m": "true"}),
    ),
    "fewer values": (conditioned(StringLike={"k": ["a", "b"]}), conditioned(StringLike={"k": "b"})),
    "fewer values of a set": (
        conditioned(**{"ForAnyValue:StringEquals": {"k": ["a", "b"]}}),
        conditioned(**{"ForAnyValue:StringEquals": {"k": "a"}}),
    ),
    "more excepted values": (
        conditioned(StringNotEquals={"k": "a"}),
        conditioned(StringNotEquals={"k": ["a", "b"]}),
    ),
    "more excepted addresses": (
        conditioned(NotIpAddress={"aws:SourceIp": "10.0.0.0/8"}),
        conditioned(NotIpAddress={"aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]}),
    ),
    "case of a condition's key": (conditioned(Bool={"AWS:MFA": True}), conditioned(Bool={"aws:mfa": "true"})),
    "anyone": (by("*"), by({"AWS": "111122223333"})),
    "root and account": (by({"AWS": "arn:aws:iam::111122223333:root"}), by({"AWS": "111122223333"})),
    "fewer principals": (by({"AWS": ["1", "2"]}), by({"AWS": "2"})),
    "fewer actions denied": (acting("s3:*", Effect="Deny"), acting("s3:GetObject", Effect="Deny")),
}

BEYOND = {
    "another action": (acting("s3:GetObject"), acting("s3:PutObject")),
    "a longer action": (acting("s3:GetObject"), acting("s3:GetObjectAcl")),
    "a pattern for one": (acting("s3:GetObject"), acting("s3:Get*")),
    "a wider pattern": (acting("s3:GetObject*"), acting("s3:Get*")),
    "two signs for a question mark": (acting("s3:Get?"), acting("s3:GetAB")),
    "no sign for a question mark": (acting("s3:Get?"), acting("s3:Get")),
    "any number of signs for one": (on("arn:aws:s3:::a?"), on("arn:aws:s3:::a*")),
    "brackets are no class": (on("arn:aws:s3:::[ab]*"), on("arn:aws:s3:::a")),
    "a dot is a dot": (on("a.b*"), on("axb")),
    "case of resources": (on("arn:aws:s3:::a*"), on("arn:aws:s3:::A")),
    "any resource": (on("arn:aws:s3:::*"), on("*")),
    "no more condition": (conditioned(StringEquals={"k": "v"}), acting("s3:GetObject")),
    "a condition less": (conditioned(StringEquals={"k": "v", "l": "w"}), conditioned(StringEquals={"k": "v"})),
    "a test less": (
        conditioned(StringEquals={"k": "v"}, Bool={"m": "true"}),
        conditioned(StringEquals={"k": "v"}),
    ),
    "another value": (conditioned(StringEquals={"k": "v"}), conditioned(StringEquals={"k": "w"})),
    "a value more": (conditioned(StringEquals={"k": "v"}), conditioned(StringEquals={"k": ["v", "w"]})),
    "case of a value": (conditioned(StringEquals={"k": "v"}), conditioned(StringEquals={"k": "V"})),
    "another key": (conditioned(StringEquals={"k": "v"}), conditioned(StringEquals={"l": "v"})),
    "another operator": (conditioned(StringEquals={"k": "v"}), conditioned(StringLike={"k": "v"})),
    "also without the key": (conditioned(StringEquals={"k": "v"}), conditioned(StringEqualsIfExists={"k": "v"})),
    "an excepted value less": (
        conditioned(StringNotEquals={"k": ["a", "b"]}),
        conditioned(StringNotEquals={"k": "a"}),
    ),
    "an excepted value less of a set": (
        conditioned(**{"ForAllValues:StringNotLike": {"k": ["a", "b"]}}),
        conditioned(**{"ForAllValues:StringNotLike": {"k": "b"}}),
    ),
    "all but some for some": (acting("s3:*"), policy(NotAction="s3:*", Resource="*")),
    "all but what crosses it": (policy(NotAction="s3:*Object", Resource="*"), acting("s3:Get*")),
    "all but somebody": (policy(NotPrincipal={"AWS": "1"}, Action="sts:AssumeRole"), by({"AWS": "2"})),
    "some for all but some": (policy(NotAction="iam:*", Resource="*"), acting("iam:PassRole")),
    "all but one for what ends like it": (acting("*:GetObject"), policy(NotAction="s3:GetObject", Resource="*")),
    "an excepted action less": (
        policy(NotAction=["iam:*", "sts:*"], Resource="*"),
        policy(NotAction="sts:*", Resource="*"),
    ),
    "a narrower excepted action": (policy(NotAction="s3:*", Resource="*"), policy(NotAction="s3:Get*", Resource="*")),
    "a narrower excepted resource": (
        policy(Action="s3:*", NotResource="arn:aws:s3:::a*"),
        policy(Action="s3:*", NotResource="arn:aws:s3:::ab"),
    ),
    "two exceptions and one that reads like both": (
        policy(Action="s3:*", NotResource=["arn:aws:s3:::a", "arn:aws:s3:::b"]),
        policy(Action="s3:*", NotResource="arn:aws:s3:::a, arn:aws:s3:::b"),
    ),
    "an exception that begins like a list": (
        policy(Action="s3:*", NotResource='["a"]'),
        policy(Action="s3:*", NotResource="[a"),
    ),
    "an exception that reads like a list": (
        policy(Action="s3:*", NotResource="a"),
        policy(Action="s3:*", NotResource='["a"]'),
    ),
    "an excepted principal less": (
        policy(NotPrincipal={"AWS": ["1", "2"]}, Action="s3:*", Resource="*"),
        policy(NotPrincipal={"AWS": "2"}, Action="s3:*", Resource="*"),
    ),
    "another principal": (by({"AWS": "1"}), by({"AWS": "2"})),
    "anyone": (by({"AWS": "1"}), by("*")),
    "another kind of principal": (by({"AWS": "*"}), by({"Service": "ec2.amazonaws.com"})),
    "allowed, not denied": (acting("s3:*", Effect="Deny"), acting("s3:GetObject")),
}


@pytest.mark.parametrize(("before", "after"), COVERED.values(), ids=COVERED)
def test_covered(before, after):
    assert gained(before, after) == []


@pytest.mark.parametrize(("before", "after"), BEYOND.values(), ids=BEYOND)
def test_beyond(before, after):
    assert gained(before, after) == sorted(grants([after]))


def test_beyond_has_only_what_is_not_covered():
    """Several grants together cover each what one of them does."""
    before = statements(*acting("s3:Get*")["Statement"], *acting("sns:Publish", Resource="a")["Statement"])
    after = acting(["s3:GetObject", "sns:Publish", "kms:Decrypt"])
    assert [grant.action for grant in gained(before, after)] == ["kms:decrypt", "sns:publish"]


def test_nothing_is_covered_by_nothing():
    assert gained({"Statement": []}, acting("s3:A")) == sorted(grants([acting("s3:A")]))
    assert gained(acting("s3:A"), {"Statement": []}) == []


# ---- wildcards

PATTERNS = ["".join(signs) for length in range(4) for signs in itertools.product("ab*?", repeat=length)]
TEXTS = ["".join(signs) for length in range(5) for signs in itertools.product("ab", repeat=length)]


@cache
def stands_for(pattern, text):
    """The definition: a star for any number of signs, a question mark for one."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(stands_for(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and stands_for(pattern[1:], text[1:])


def test_matches_as_iam_defines_it():
    assert [(pattern, text) for pattern in PATTERNS for text in TEXTS if matches(pattern, text)] == [
        (pattern, text) for pattern in PATTERNS for text in TEXTS if stands_for(pattern, text)
    ]


def test_a_pattern_covers_only_patterns_that_stand_for_less():
    meant = {pattern: {text for text in TEXTS if stands_for(pattern, text)} for pattern in PATTERNS}
    wrong = [
        (wide, narrow)
        for wide in PATTERNS
        for narrow in PATTERNS
        if matches(wide, narrow) and not meant[narrow] <= meant[wide]
    ]
    assert wrong == []


@contextmanager
def giving_up(seconds):
    """Break off what would go on for ever."""

    def give_up(_signal, _frame):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("pattern", ["*" * 30 + "x", "*a" * 30 + "x"], ids=["stars", "stars apart"])
def test_no_pattern_takes_for_ever(pattern):
    with giving_up(seconds=5):
        assert not matches(pattern, "a" * 200)
        assert matches(pattern, "a" * 200 + "x")


# ---- never too little: whatever is allowed now and was not before is told

ACTIONS = ["s:a", "s:ab", "t:b", "s:*", "s:a?", "*b", "*"]
RESOURCES = ["x", "xy", "x?", "x*", "*y", "*"]
PRINCIPALS = ["111122223333", "999988887777"]


def some(values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)


CONDITIONS = st.dictionaries(
    st.sampled_from(["StringEquals", "StringNotEquals"]),
    st.dictionaries(st.sampled_from(["k", "l"]), some(["v", "w"]), min_size=1),
    min_size=1,
)


@st.composite
def whole_statements(draw):
    statement = {
        "Effect": "Allow",
        draw(st.sampled_from(["Action", "NotAction"])): draw(some(ACTIONS)),
        draw(st.sampled_from(["Resource", "NotResource"])): draw(some(RESOURCES)),
        draw(st.sampled_from(["Principal", "NotPrincipal"])): {"AWS": draw(some(PRINCIPALS))},
    }
    condition = draw(st.none() | CONDITIONS)
    return statement | ({"Condition": condition} if condition else {})


POLICIES = st.lists(whole_statements(), min_size=1, max_size=2).map(lambda items: statements(*items))

# Everything that anyone could ask for.
REQUESTS = list(itertools.product(["s:a", "s:ab", "t:b"], ["x", "xy"], PRINCIPALS, ["v", "w", None], ["v", None]))


def applies(statement, action, resource, principal, **context):
    """Whether AWS would apply the statement to the request, by the documented logic of its evaluation.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition_operators.html (a negated
    operator is also true where the request does not have the key)
    """

    def fits(member, value):
        if member in statement:
            return any(stands_for(pattern, value) for pattern in statement[member])
        return not any(stands_for(pattern, value) for pattern in statement[f"Not{member}"])

    def named():
        if "Principal" in statement:
            return principal in statement["Principal"]["AWS"]
        return principal not in statement["NotPrincipal"]["AWS"]

    return (
        fits("Action", action)
        and fits("Resource", resource)
        and named()
        and all(
            (context[key] in values) is (operator == "StringEquals")
            for operator, tests in statement.get("Condition", {}).items()
            for key, values in tests.items()
        )
    )


def allowed(document):
    return {
        request
        for request in REQUESTS
        if any(applies(item, *request[:3], k=request[3], l=request[4]) for item in document["Statement"])
    }


@given(before=POLICIES, after=POLICIES)
@settings(max_examples=250)
def test_what_is_allowed_anew_is_told(before, after):
    if allowed(after) - allowed(before):
        assert gained(before, after)


# ---- digest


@st.composite
def documents(draw):
    """Statements that have nothing in common, so that each change of one changes what is granted."""
    return [
        {
            "Sid": f"S{number}",
            "Effect": draw(st.sampled_from(["Allow", "Deny"])),
            "Action": [f"s{number}:{action}" for action in draw(some(["GetObject", "Put*", "List?"]))],
            "Resource": draw(some(["arn:aws:s3:::a", "*"])),
        }
        | draw(st.just({}) | CONDITIONS.map(lambda condition: {"Condition": condition}))
        | draw(st.just({}) | some([*PRINCIPALS, "*"]).map(lambda principals: {"Principal": {"AWS": principals}}))
        for number in range(draw(st.integers(1, 4)))
    ]


def respelled(draw, statement):
    """The statement as somebody else would write it."""
    result = {"Effect": statement["Effect"], "Sid": draw(st.text(max_size=3))}
    for member in ("Action", "Resource"):
        values = draw(st.permutations(statement[member]))
        if member == "Action":
            values = [draw(st.sampled_from([value, value.lower(), value.upper()])) for value in values]
        values += draw(st.sampled_from([[], values]))
        result[member] = values[0] if len(values) == 1 and draw(st.booleans()) else values
    if "Condition" in statement:
        result["Condition"] = {
            operator: {
                draw(st.sampled_from([key, key.upper()])): values[0] if len(values) == 1 else values[::-1]
                for key, values in tests.items()
            }
            for operator, tests in reversed(statement["Condition"].items())
        }
    if "Principal" in statement:
        values = [value if value == "*" else f"arn:aws:iam::{value}:root" for value in statement["Principal"]["AWS"]]
        result["Principal"] = "*" if values == ["*"] else {"AWS": values}
    return result


@given(data=st.data(), items=documents())
def test_digest_of_another_spelling(data, items):
    spelled = [respelled(data.draw, item) for item in data.draw(st.permutations(items))]
    cut = data.draw(st.integers(0, len(spelled)))
    several = [statements(*spelled[:cut]), {"Id": "x", "Statement": spelled[cut:]}]
    assert digest(several) == digest([statements(*items)])


@given(data=st.data(), items=documents())
def test_digest_of_anything_else(data, items):
    changed = copy.deepcopy(items)
    statement = data.draw(st.sampled_from(changed))
    match data.draw(st.sampled_from(["Effect", "Action", "Resource", "Condition", "Principal", "more", "less"])):
        case "Effect":
            statement["Effect"] = {"Allow": "Deny", "Deny": "Allow"}[statement["Effect"]]
        case "Condition":
            statement["Condition"] = {} if "Condition" in statement else {"Bool": {"aws:SecureTransport": "true"}}
        case "Principal":
            statement["Principal"] = {"Service": "ec2.amazonaws.com"}
        case "more":
            changed.append({"Effect": "Allow", "Action": "new:Action", "Resource": "*"})
        case "less":
            changed.remove(statement)
        case member:
            statement[member] = [*statement[member][1:], "new:Value"]
    assert digest([statements(*changed)]) != digest([statements(*items)])


def test_digest_fits_into_a_tag():
    """Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html (256 characters)"""
    assert len(digest([acting("s3:*")])) <= 256
    assert digest([acting("s3:*")]).isalnum()


# ---- for people


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        (acting(["s3:PutObject", "s3:GetObject"]), ["Allow s3:getobject, s3:putobject on *"]),
        (acting("s3:A", Effect="Deny"), ["Deny s3:a on *"]),
        (on(["b", "a"]), ["Allow s3:getobject on a", "Allow s3:getobject on b"]),
        (by({"AWS": "1"}), ["Allow sts:assumerole by AWS:1"]),
        (policy(NotAction="iam:*", Resource="*"), ["Allow not iam:* on *"]),
        (
            acting("s3:A", Principal="*", Condition={"Bool": {"k": True}}),
            ['Allow s3:a on * by AWS:* if {"Bool": {"k": "true"}}'],
        ),
    ],
)
def test_readable(document, lines):
    assert readable(grants([document])) == lines


def test_readable_of_nothing():
    assert readable([]) == []


def test_readable_has_no_sign_that_moves_the_cursor():
    """A person approves by these lines: nothing in a file may hide one of them or make two of one."""
    escapes = acting("s3:A\n", Resource="a\n\x1b[2Kb", Principal={"AWS": "\u202e1"})
    assert all(line.isprintable() for line in readable(grants([escapes])))


# ---- what two patterns have in common


def test_patterns_meet_where_a_text_fits_both():
    meant = {pattern: {text for text in TEXTS if stands_for(pattern, text)} for pattern in PATTERNS}
    for one, other in itertools.product(PATTERNS, repeat=2):
        # What patterns this short have in common is no longer than the texts.
        assert meet(one, other) == bool(meant[one] & meant[other]), (one, other)


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("s3:Get*", "s3:*Object", True),
        ("a*b", "ac*", True),
        ("a*b", "a*c", False),
        ("a?", "a", False),
        ("*", "", True),
        ("", "?", False),
    ],
)
def test_patterns_that_cross(one, other, common):
    assert meet(one, other) is common


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (acting("s3:Get*"), acting("s3:*Object"), True),
        (acting("s3:Get*"), acting("s3:Put*"), False),
        (on("arn:a/*"), on("arn:b/*"), False),
        (policy(NotAction="iam:*", Resource="*"), acting("s3:Get*"), True),
        (policy(NotAction="s3:*", Resource="*"), acting("s3:Get*"), False),
        (policy(NotAction="s3:*", Resource="*"), policy(NotAction="ec2:*", Resource="*"), True),
        (acting("s3:Get*", Effect="Deny"), conditioned(StringEquals={"k": "v"}), True),
    ],
)
def test_grants_overlap(one, other, common):
    (this,), (that,) = grants([one]), grants([other])
    assert this.overlaps(that) is that.overlaps(this) is common
