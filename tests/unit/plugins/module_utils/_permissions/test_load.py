# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import copy
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from permissions_files import CLUMIO_ACCOUNT, NAMING, PLACE, permissions_file, policy, smallest_file, trust_policy

from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError
from ansible_collections.clumio.aws.plugins.module_utils._json import parse_json
from ansible_collections.clumio.aws.plugins.module_utils._permissions.arns import handed_over
from ansible_collections.clumio.aws.plugins.module_utils._permissions.audit import audit
from ansible_collections.clumio.aws.plugins.module_utils._permissions.load import (
    MAXIMUM_BYTES,
    MAXIMUM_ENTITIES,
    MAXIMUM_ITEMS,
    load,
)
from ansible_collections.clumio.aws.plugins.module_utils._permissions.resolve import resolve

FILE = permissions_file("ebs", "rds", "dynamodb", "s3", "mssql")
MODEL = load(json.dumps(FILE))

SSM = {"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runPowerShellScript", "name": "a"}]}


def with_sections(**sections):
    return json.dumps(smallest_file(**sections))


def with_documents(change, *, also_ssm=False):
    """The file with every document changed: those that are JSON in strings, and those of SSM."""

    def changed(node):
        if isinstance(node, dict):
            return {
                key: change(value) if key in ("policy_document", "trust_policy", "event_pattern") else changed(value)
                for key, value in node.items()
            }
        return [changed(item) for item in node] if isinstance(node, list) else node

    file = changed(FILE)
    if also_ssm:
        file["ssm_documents"] = {name: change(document) for name, document in file["ssm_documents"].items()}
    return json.dumps(file)


def with_ssm_documents(change):
    documents = {name: change(copy.deepcopy(document)) for name, document in FILE["ssm_documents"].items()}
    return json.dumps(FILE | {"ssm_documents": documents})


def without_steps(node):
    if isinstance(node, dict):
        return {key: without_steps(value) for key, value in node.items() if key != "steps"}
    return [without_steps(item) for item in node] if isinstance(node, list) else node


def reversed_maps(node):
    if isinstance(node, dict):
        return {key: reversed_maps(value) for key, value in reversed(node.items())}
    return node


def in_small_letters(document):
    """The members that SSM defines in small letters, as Clumio's Python SDK writes them, with nulls between them."""
    return {
        "schemaversion": document["schemaVersion"],
        "description": document["description"],
        "parameters": {
            name: {key.lower(): value for key, value in parameter.items()} | {"allowedvalues": None}
            for name, parameter in document["parameters"].items()
        },
        "mainsteps": [
            {
                "action": step["action"],
                "name": step["name"],
                "precondition": step["precondition"],
                "onfailure": None,
                "inputs": {
                    "runcommand": step["inputs"]["runCommand"],
                    "timeoutseconds": step["inputs"]["timeoutSeconds"],
                },
            }
            for step in document["mainSteps"]
        ],
    }


def with_nulls(document):
    for parameter in document["parameters"].values():
        parameter["allowedPattern"] = parameter.get("allowedPattern")
        parameter["displayType"] = None
    return document | {"outputs": None}


SPELLINGS = {
    "bytes": json.dumps(FILE).encode(),
    "bytes with a byte order mark": b"\xef\xbb\xbf" + json.dumps(FILE).encode(),
    "text with a byte order mark": "\N{BYTE ORDER MARK}" + json.dumps(FILE),
    "line ends of DOS": json.dumps(FILE, indent=2).replace("\n", "\r\n"),
    "characters beyond ASCII escaped or not": json.dumps(FILE, ensure_ascii=False).encode(),
    "a string": json.dumps(json.dumps(FILE)),
    "the API's answer": json.dumps({"resources": FILE, "group_token": "", "config": None}),
    "the API's answer with a string": json.dumps({"resources": json.dumps(FILE)}),
    "the API's answer as a string": json.dumps(json.dumps({"resources": FILE})),
    "the API's answer with a string, as a string": json.dumps(json.dumps({"resources": json.dumps(FILE)})),
    "documents as objects": with_documents(json.loads),
    "documents encoded twice": with_documents(json.dumps),
    "documents with white space": with_documents(lambda text: json.dumps(json.loads(text), indent=4)),
    "SSM documents as JSON": with_ssm_documents(json.dumps),
    "SSM documents as JSON encoded twice": with_ssm_documents(lambda document: json.dumps(json.dumps(document))),
    "SSM documents as YAML": with_ssm_documents(yaml.safe_dump),
    "SSM members in small letters": with_ssm_documents(in_small_letters),
    "SSM members that are null": with_ssm_documents(with_nulls),
    "SSM's version as a number": with_ssm_documents(lambda document: document | {"schemaVersion": 2.2}),
    "no steps for people": json.dumps(without_steps(FILE)),
    "another order": json.dumps(reversed_maps(FILE)),
    "unknown members": json.dumps(FILE | {"version": 7}),
}


@pytest.mark.parametrize("raw", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_gives_the_same_model(raw):
    assert load(raw) == MODEL


@pytest.mark.parametrize("nothing", [None, {}, ...], ids=["null", "empty", "missing"])
@pytest.mark.parametrize("section", ["topics", "rules", "policies", "ssm_documents"])
def test_a_section_may_be_missing(section, nothing):
    file = {name: value for name, value in FILE.items() if name != section}
    read = load(json.dumps(file if nothing is ... else file | {section: nothing}))
    assert getattr(read, section) == ()
    assert read.roles == MODEL.roles


@pytest.mark.parametrize("nothing", [None, [], ...], ids=["null", "empty", "missing"])
@pytest.mark.parametrize(
    ("section", "entity", "member", "read_as", "empty"),
    [
        ("roles", {"trust_policy": trust_policy()}, "inline_policies", "inline_policies", ()),
        ("roles", {"trust_policy": trust_policy()}, "managed_policies", "managed_policies", ()),
        ("topics", {}, "policies", "policy", None),
        ("rules", {"event_pattern": {"source": ["a"]}}, "targets", "targets", ()),
    ],
)
def test_a_list_may_be_missing(section, entity, member, read_as, empty, nothing):
    given_entity = entity if nothing is ... else entity | {member: nothing}
    read = load(with_sections(**{section: {"Aaa": given_entity}}))
    assert getattr(getattr(read, section)[0], read_as) == empty


@pytest.mark.parametrize(
    ("targets", "read"),
    [
        ("CLUMIOEVENTPUB", ("CLUMIOEVENTPUB",)),
        (["CLUMIOEVENTPUB"], ("CLUMIOEVENTPUB",)),
        ([{"Arn": "CLUMIOEVENTPUB", "Id": "clumio-publish"}], ("CLUMIOEVENTPUB",)),
        ({"arn": "arn:aws:sns:us-west-2:111122223333:T"}, ("arn:aws:sns:us-west-2:111122223333:T",)),
        (["B", {"arn": "A"}, "B", " C "], ("B", "A", "C")),
        ("", ()),
    ],
)
def test_targets(targets, read):
    (rule,) = load(with_sections(rules={"R": {"event_pattern": {"source": ["a"]}, "targets": targets}})).rules
    assert rule.targets == read


def test_names_are_keys_in_maps_and_members_in_lists():
    read = load(
        with_sections(
            topics={"T": {"policies": [{"name": "TP", "description": "d", "policy_document": policy(Action="a")}]}},
            policies={"Key": {"name": "Other", "description": "d", "policy_document": policy(Action="b")}},
        )
    )
    assert (read.topics[0].name, read.topics[0].policy.name, read.topics[0].policy.description) == ("T", "TP", "d")
    assert [entity.name for entity in read.policies] == ["Key"]


def test_sections_and_lists_are_sorted():
    for section in ("topics", "rules", "roles", "policies", "ssm_documents"):
        names = [entity.name for entity in getattr(MODEL, section)]
        assert names == sorted(names)
    for role in MODEL.roles:
        for policies in (role.managed_policies, role.inline_policies):
            assert [item.name for item in policies] == sorted(item.name for item in policies)


def test_names_in_ssm_documents_are_the_authors():
    """Only members that SSM defines get its case: a parameter may be called as one of them in small letters."""
    document = SSM | {"parameters": {"timeoutseconds": {"type": "String"}, "runcommand": {"type": "String"}}}
    document["mainSteps"] = [SSM["mainSteps"][0] | {"precondition": {"stringequals": ["platformtype", "Windows"]}}]
    (read,) = load(with_sections(ssm_documents={"D": document})).ssm_documents
    assert read.content == document


@pytest.mark.parametrize("shared", [True, False])
def test_a_managed_policy_may_stand_twice_if_it_is_the_same(shared):
    document = policy(Action=["s3:A", "s3:B"], Resource="*")
    other = policy(Action=["S3:b", "s3:a"], Resource=["*"]) if shared else policy(Action="s3:A", Resource="*")

    def role(document):
        return {"trust_policy": trust_policy(), "managed_policies": [{"name": "P", "policy_document": document}]}

    raw = with_sections(
        roles={"One": role(document), "Two": role(other)}, policies={"P": {"policy_document": document}}
    )
    if shared:
        assert [role.managed_policies[0].name for role in load(raw).roles[1:]] == ["P", "P"]
    else:
        with pytest.raises(InputError) as caught:
            load(raw)
        assert caught.value.code == "contradicting_policies"
        assert places(caught.value) == ["roles.Two.managed_policies.P"]


@pytest.mark.parametrize(
    ("service", "principal", "effect", "trusts"),
    [
        ("ec2.amazonaws.com", {"Service": "ec2.amazonaws.com"}, "Allow", True),
        ("ec2.amazonaws.com", {"Service": ["ssm.amazonaws.com", "ec2.amazonaws.com"]}, "Allow", True),
        ("ec2.amazonaws.com", {"Service": "ssm.amazonaws.com"}, "Allow", False),
        ("ec2.amazonaws.com", {"AWS": "ec2.amazonaws.com"}, "Allow", False),
        ("ec2.amazonaws.com", "*", "Allow", False),
        ("ec2.amazonaws.com", {"Service": "ec2.amazonaws.com"}, "Deny", False),
    ],
)
def test_trusts_service(service, principal, effect, trusts):
    document = trust_policy(Principal=principal, Effect=effect)
    (role,) = load(json.dumps({"roles": {"ClumioIAMRole": {"trust_policy": document}}})).roles
    assert role.trusts_service(service) is trusts


# ---- what cannot be read


def places(error):
    return [
        ".".join(part for part in (finding["section"], finding["entity"], finding["member"]) if part)
        for finding in error.facts["findings"]
    ]


def nested_strings(layers):
    raw = json.dumps(FILE)
    for _layer in range(layers - 1):
        raw = json.dumps(raw)
    return raw


NO_FILES = {
    "nothing": ("", "empty"),
    "white space": (b" \r\n\t", "empty"),
    "not UTF-8": (b'{"roles": "\xff"}', r"not UTF-8 text \(byte 11\)"),
    "UTF-16": ('{"roles": {}}'.encode("utf-16"), "not UTF-8"),
    "words": ("permissions", "not JSON"),
    "half a file": (json.dumps(FILE)[:2000], "not JSON"),
    "HTML": ("<!DOCTYPE html><html>", "not JSON"),
    "YAML": ("roles:\n  ClumioIAMRole: {}\n", "not JSON"),
    "a comma too many": ('{"roles": {},}', "not JSON"),
    "NaN": ('{"roles": NaN}', "NaN is not a JSON value"),
    "infinity": ('{"roles": -Infinity}', "-Infinity is not a JSON value"),
    "a number beyond all": ('{"roles": 1e999}', "not JSON"),
    "a key twice": ('{"roles": {"A": 1, "A": 2}}', "the key 'A' stands twice"),
    "half a character": (r'{"roles": {"\ud800": 1}}', "surrogate"),
    "deep nesting": ('{"roles": ' + "[" * 100_000, "nested too deeply"),
    "a list": ("[]", "it holds a list"),
    "a number": ("1", "it holds a number"),
    "null": ("null", "it holds null"),
    "true": ("true", "it holds true or false"),
    "a string of a list": ('"[]"', "it holds a list"),
    "a string that is not JSON": ('"roles"', "not JSON"),
    "no section": ('{"Roles": {}}', "none of the sections"),
    "an API error": ('{"errors": [{"error_code": 404}]}', "none of the sections"),
    "an answer without a file": ('{"resources": null}', "it holds null"),
    "strings in strings": (nested_strings(6), "it holds text"),
    "no roles": ('{"roles": {}}', "no role ClumioIAMRole"),
    "another's roles": (json.dumps({"roles": {"Admin": {"trust_policy": trust_policy()}}}), "no role ClumioIAMRole"),
    "too large": (b" " * (MAXIMUM_BYTES + 1), "larger than 4 MiB"),
}


@pytest.mark.parametrize(("raw", "said"), NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_permissions_file(raw, said):
    with pytest.raises(InputError, match=said) as caught:
        load(raw)
    assert caught.value.code == "invalid_permissions_file"
    assert caught.value.sentence.startswith("The permissions file cannot be read: ")


def role_with(**members):
    return {"roles": {"R": {"trust_policy": trust_policy()} | members}}


def rule_with(**members):
    return {"rules": {"R": {"event_pattern": {"source": ["a"]}} | members}}


def inline(*policies):
    return role_with(inline_policies=list(policies))


GOOD = {"name": "P", "policy_document": policy(Action="a")}

WRONG_PLACES = {
    "section is a list": ({"topics": []}, "topics", "a list"),
    "section is text": ({"rules": "{}"}, "rules", "text"),
    "entity is null": ({"rules": {"R": None}}, "rules.R", "null"),
    "entity is a list": ({"policies": {"P": []}}, "policies.P", "a list"),
    "entity without a name": ({"topics": {" ": {}}}, "topics", "empty name"),
    "policies are an object": ({"topics": {"T": {"policies": {}}}}, "topics.T.policies", "an object"),
    "two access policies": (
        {"topics": {"T": {"policies": [GOOD, GOOD | {"name": "Q"}]}}},
        "topics.T.policies",
        "one access policy, not 2",
    ),
    "policy is text": (inline("P"), "roles.R.inline_policies[0]", "text"),
    "policy without a name": (inline(GOOD | {"name": None}), "roles.R.inline_policies[0].name", "no name"),
    "policy with a blank name": (inline(GOOD, GOOD | {"name": " "}), "roles.R.inline_policies[1].name", "no name"),
    "policy's name is a number": (inline(GOOD | {"name": 5}), "roles.R.inline_policies[0].name", "a number"),
    "policy twice": (inline(GOOD, GOOD), "roles.R.inline_policies", "The policy P stands in it twice"),
    "policy without document": (inline({"name": "P"}), "roles.R.inline_policies.P", "missing"),
    "document is empty": (inline(GOOD | {"policy_document": ""}), "roles.R.inline_policies.P", "missing"),
    "document is not JSON": (inline(GOOD | {"policy_document": "{'a'"}), "roles.R.inline_policies.P", "not JSON"),
    "document is a list": (inline(GOOD | {"policy_document": "[]"}), "roles.R.inline_policies.P", "a list"),
    "document has no statement": (inline(GOOD | {"policy_document": {}}), "roles.R.inline_policies.P", "no policy"),
    "document's statements are none": (
        inline(GOOD | {"policy_document": {"Statement": []}}),
        "roles.R.inline_policies.P",
        "no policy",
    ),
    "document's effect is another": (
        role_with(managed_policies=[GOOD | {"policy_document": policy(Effect="allow")}]),
        "roles.R.managed_policies.P",
        "no policy",
    ),
    "document encoded three times": (
        {"policies": {"P": {"policy_document": json.dumps(json.dumps(json.dumps(policy())))}}},
        "policies.P.policy_document",
        "text",
    ),
    "too many entities": (
        {"rules": {f"R{number}": {} for number in range(MAXIMUM_ENTITIES + 1)}},
        "rules",
        "1001 entities, more than 1000",
    ),
    "too many policies": (inline(*[GOOD] * (MAXIMUM_ITEMS + 1)), "roles.R.inline_policies", "101 policies"),
    "too many targets": (rule_with(targets=["CLUMIOEVENTPUB"] * (MAXIMUM_ITEMS + 1)), "rules.R.targets", "101 targets"),
    "too many permissions": (
        role_with(trust_policy=policy(Principal={"AWS": ["a"] * 100}, Action=["b"] * 20, Resource=["c"] * 6)),
        "roles.R.trust_policy",
        "12000 permissions, more than 10000",
    ),
    "too many permissions of the other forms": (
        role_with(trust_policy=policy(NotPrincipal={"AWS": ["a"] * 101}, NotAction=["b"] * 100)),
        "roles.R.trust_policy",
        "10100 permissions",
    ),
    "description is a number": (role_with(description=5), "roles.R.description", "a number"),
    "policy's description is a list": (
        inline(GOOD | {"description": []}),
        "roles.R.inline_policies[0].description",
        "a list",
    ),
    "no trust policy": (role_with(trust_policy=None), "roles.R.trust_policy", "missing"),
    "trust policy is a number": (role_with(trust_policy="5"), "roles.R.trust_policy", "a number"),
    "trust policy is no policy": (role_with(trust_policy={"a": 1}), "roles.R.trust_policy", "no policy"),
    "no event pattern": ({"rules": {"R": {}}}, "rules.R.event_pattern", "missing"),
    "event pattern is no JSON": (rule_with(event_pattern="aws.ec2"), "rules.R.event_pattern", "not JSON"),
    "event pattern with a key twice": (rule_with(event_pattern='{"a":1,"a":2}'), "rules.R.event_pattern", "twice"),
    "target is a number": (rule_with(targets=[5]), "rules.R.targets", "neither an ARN"),
    "target is blank": (rule_with(targets=[" "]), "rules.R.targets", "neither an ARN"),
    "target without an ARN": (rule_with(targets=[{"Id": "x"}]), "rules.R.targets", "neither an ARN"),
    "SSM document is null": ({"ssm_documents": {"D": None}}, "ssm_documents.D", "null"),
    "SSM document is a list": ({"ssm_documents": {"D": "[1]"}}, "ssm_documents.D", "a list"),
    "SSM document is a script": ({"ssm_documents": {"D": "Get-Service"}}, "ssm_documents.D", "text"),
    "SSM document without steps": (
        {"ssm_documents": {"D": {"schemaVersion": "2.2", "mainSteps": []}}},
        "ssm_documents.D",
        "schemaVersion and mainSteps",
    ),
    "SSM document without version": (
        {"ssm_documents": {"D": {"mainSteps": [1]}}},
        "ssm_documents.D",
        "schemaVersion and mainSteps",
    ),
}


@pytest.mark.parametrize(("sections", "place", "said"), WRONG_PLACES.values(), ids=WRONG_PLACES)
def test_what_is_wrong_in_a_file(sections, place, said):
    with pytest.raises(InputError, match=said) as caught:
        load(with_sections(**sections))
    assert caught.value.code == "invalid_permissions_file"
    assert places(caught.value) == [place]
    assert f"The permissions file cannot be read: {place}: " in caught.value.message


YAML = "schemaVersion: '2.2'\nmainSteps: [a]\n"

NOT_JSONS_TYPES = {
    "not YAML": "a: [",
    "two documents": f"{YAML}---\n{YAML}",
    "aliases": f"{YAML}one: &one [x]\ntwo: *one\n",
    "a date": f"{YAML}since: 2020-01-01",
    "no date": f"{YAML}since: 2020-99-99",
    "binary": f"{YAML}data: !!binary aGVsbG8=",
    "a set": f"{YAML}data: !!set {{a}}",
    "pairs": f"{YAML}data: !!pairs [a: 1]",
    "a Python object": f"{YAML}data: !!python/object/apply:os.system [x]",
    "an empty number": f"{YAML}data: !!int ''",
    "a boolean of another kind": f"{YAML}data: !!bool x",
    "no number": f"{YAML}data: .nan",
    "a number beyond all": f"{YAML}data: 1{':00' * 200}.5",
    "half a character": f'{YAML}data: "\\ud800"',
    "deep nesting": f"{YAML}data: {'[' * 1000}",
}


@pytest.mark.parametrize("text", NOT_JSONS_TYPES.values(), ids=NOT_JSONS_TYPES)
def test_yaml_of_ssm_documents_has_only_what_json_has(text):
    with pytest.raises(InputError, match=r"ssm_documents\.D: ") as caught:
        load(with_sections(ssm_documents={"D": text}))
    assert places(caught.value) == ["ssm_documents.D"]


def test_everything_wrong_in_a_file_is_told_at_once():
    with pytest.raises(InputError, match="for 6 reasons") as caught:
        load(
            json.dumps(
                {
                    "topics": {"T": {"policies": [GOOD | {"policy_document": "x"}]}},
                    "rules": {"A": {}, "B": {"event_pattern": {}, "targets": [1]}},
                    "roles": {"ClumioIAMRole": {}},
                    "policies": [],
                    "ssm_documents": {"D": 5},
                }
            )
        )
    assert places(caught.value) == [
        "topics.T.policies.P",
        "rules.A.event_pattern",
        "rules.B.targets",
        "roles.ClumioIAMRole.trust_policy",
        "policies",
        "ssm_documents.D",
    ]
    assert {finding["code"] for finding in caught.value.facts["findings"]} == {"invalid_permissions_file"}


def test_everything_wrong_in_one_entity_is_told_at_once():
    wrong = {
        "description": 5,
        "trust_policy": "x",
        "inline_policies": [{"name": "P"}, {"name": "Q", "policy_document": "[]"}],
        "managed_policies": "none",
    }
    with pytest.raises(InputError) as caught:
        load(with_sections(roles={"R": wrong}))
    assert sorted(places(caught.value)) == [
        "roles.R.description",
        "roles.R.inline_policies.P",
        "roles.R.inline_policies.Q",
        "roles.R.managed_policies",
        "roles.R.trust_policy",
    ]


@pytest.mark.parametrize("depth", [500, 900])
def test_nesting_is_refused_before_it_is_too_deep_to_work_with(depth):
    deep = json.loads("[" * depth + "]" * depth)
    raw = with_sections(
        roles={"R": {"trust_policy": trust_policy(Condition={"Bool": {"k": deep}})}},
        ssm_documents={"D": SSM | {"mainSteps": deep}},
    )
    with pytest.raises(InputError, match="nested too deeply"):
        load(raw)


@pytest.mark.parametrize(
    ("text", "value"), [('{"a": [1, 1.5, "ä", true, null]}', {"a": [1, 1.5, "ä", True, None]}), ('"\\u00e4"', "ä")]
)
def test_parse_json(text, value):
    assert parse_json(text) == value


# ---- for any input

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def read_and_plan(raw):
    """What is read can be planned and looked through, too; what cannot is refused by load."""
    try:
        file = load(raw)
    except InputError:
        return
    resolved = resolve(file, NAMING, token="t", external_id="e")
    json.dumps(resolved.plan.as_dict()).encode()
    audit(resolved.plan, PLACE)
    handed_over(file, NAMING)


@given(st.binary() | st.text())
def test_any_input_is_read_or_refused(raw):
    read_and_plan(raw)


@given(
    st.dictionaries(st.sampled_from(["topics", "rules", "roles", "policies", "ssm_documents", "resources"]), any_json)
)
def test_any_sections_are_read_or_refused(sections):
    read_and_plan(json.dumps(sections))


def positions(node, path=()):
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, item in items:
        yield from positions(item, (*path, key))


OBJECTS = json.loads(with_documents(json.loads))
OBJECTS["ssm_documents"] = dict(list(OBJECTS["ssm_documents"].items())[:1])
POSITIONS = list(positions(OBJECTS))


@given(st.sampled_from(POSITIONS), any_json | st.sampled_from(["*", "CLUMIOIAMROLE", CLUMIO_ACCOUNT]))
def test_any_value_anywhere_is_read_or_refused(path, value):
    file = copy.deepcopy(OBJECTS)
    if not path:
        file = value
    else:
        node = file
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value
    read_and_plan(json.dumps(file))


@given(st.text(alphabet="ab01:-!&*[]{}'\"\\ \n.,|>?#%@", max_size=30))
def test_any_text_of_an_ssm_document_is_read_or_refused(text):
    read_and_plan(with_sections(ssm_documents={"D": f"{YAML}{text}"}))
