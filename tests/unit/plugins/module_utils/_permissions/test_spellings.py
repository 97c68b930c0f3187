# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""However a file is spelled, in any mixture of the known ways, it gives the same model and the same plan."""

from __future__ import annotations

import copy
import json
from functools import cache

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from permissions_files import EXTERNAL_ID, NAMING, TOKEN, permissions_file

from ansible_collections.clumio.aws.plugins.module_utils._permissions.load import SECTIONS, load
from ansible_collections.clumio.aws.plugins.module_utils._permissions.resolve import resolve
from sandbox.permissions import ASSET_TYPES

MISSING = object()


@st.composite
def assets(draw):
    """Any of the asset types; SQL Server needs EBS."""
    chosen = draw(st.sets(st.sampled_from(ASSET_TYPES)))
    return tuple(sorted(chosen | {"ebs"} if "mssql" in chosen else chosen))


@cache
def canonical(asset_types):
    """The file of the assets, its model, and the bytes of its plan."""
    file = permissions_file(*asset_types)
    model = load(json.dumps(file))
    return file, model, planned(model)


def planned(model):
    result = resolve(model, NAMING, token=TOKEN, external_id=EXTERNAL_ID)
    assert result.findings == ()
    return json.dumps(result.plan.as_dict())


def shuffled(choose, mapping):
    names = list(mapping)
    choose.shuffle(names)
    return {name: mapping[name] for name in names}


def put(holder, member, value):
    """Write a member, or leave it out."""
    if value is MISSING:
        holder.pop(member, None)
    else:
        holder[member] = value


def document(choose, text):
    """The JSON text of a document, or what else a client makes of it."""
    value = json.loads(text)
    return choose.choice([text, value, json.dumps(value, indent=2), json.dumps(text), f" {text}\r\n"])


def policies(choose, items):
    """A list of policies in another order; an empty one may be missing."""
    if not items:
        return choose.choice([[], None, MISSING])
    result = [item | {"policy_document": document(choose, item["policy_document"])} for item in items]
    choose.shuffle(result)
    return result


def targets(choose, items):
    """The one target, or nothing, which stands for the same."""
    (arn,) = items
    return choose.choice(
        [arn, [arn], [arn, arn], {"Arn": arn}, [{"Arn": arn, "Id": "x"}], [{"arn": arn}], None, "", [], MISSING]
    )


def small_letters(step_or_parameter):
    """Members as a client writes them that knows no capitals."""
    if isinstance(step_or_parameter, list):
        return [small_letters(item) for item in step_or_parameter]
    if isinstance(step_or_parameter, dict):
        return {
            key.lower(): value if key == "precondition" else small_letters(value)
            for key, value in step_or_parameter.items()
        }
    return step_or_parameter


def ssm_document(choose, content):
    result = copy.deepcopy(content)
    if choose.random() < 0.5:
        parameters = {name: small_letters(parameter) for name, parameter in result["parameters"].items()}
        result = small_letters(result) | {"parameters": parameters}
    if choose.random() < 0.5:
        result["outputs"] = None
        for parameter in result["parameters"].values():
            parameter["allowedValues"] = None
    if choose.random() < 0.2:
        # The libyaml of the machine writes the same text as Python's own, many times as fast.
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        return yaml.dump(result, Dumper=dumper, sort_keys=False, default_flow_style=choose.choice([False, None]))
    return choose.choice([result, json.dumps(result), json.dumps(json.dumps(result))])


def spelled(choose, canonical_file):
    """The file with every entity in some other spelling."""
    file = copy.deepcopy(canonical_file)
    for topic in file["topics"].values():
        put(topic, "policies", policies(choose, topic["policies"]))
    for rule in file["rules"].values():
        rule["event_pattern"] = document(choose, rule["event_pattern"])
        put(rule, "targets", targets(choose, rule["targets"]))
    for role in file["roles"].values():
        role["trust_policy"] = document(choose, role["trust_policy"])
        for member in ("managed_policies", "inline_policies"):
            put(role, member, policies(choose, role[member]))
    for policy in file["policies"].values():
        policy["policy_document"] = document(choose, policy["policy_document"])
    file["ssm_documents"] = {name: ssm_document(choose, item) for name, item in file["ssm_documents"].items()}
    for section in SECTIONS:
        for entity in file[section].values():
            if section != "ssm_documents":
                put(entity, "steps", choose.choice(["", None, ["Do it."], MISSING]))
        put(file, section, shuffled(choose, file[section]) or choose.choice([{}, None, MISSING]))
    return shuffled(choose, file)


def written(choose, file):
    """The text of a file, and what may be around it."""
    indent = choose.choice([None, 1, "\t"])
    text = json.dumps(file, indent=indent, ensure_ascii=choose.choice([True, False]))
    wrapping = choose.choice(["none", "answer", "text", "text in an answer", "answer as text"])
    if wrapping in ("text", "text in an answer"):
        text = json.dumps(text)
    if wrapping in ("answer", "text in an answer", "answer as text"):
        text = f'{{"resources": {text}, "group_token": null}}'
    if wrapping == "answer as text":
        text = json.dumps(text)
    text = choose.choice(["", "\N{BYTE ORDER MARK}"]) + text + choose.choice(["", "\n"])
    text = choose.choice([text, text.replace("\n", "\r\n")])
    return choose.choice([text, text.encode()])


@given(asset_types=assets(), choose=st.randoms(use_true_random=True))
@settings(max_examples=80)
def test_every_spelling_gives_the_same_model_and_plan(asset_types, choose):
    file, model, plan = canonical(asset_types)
    read = load(written(choose, spelled(choose, file)))
    assert planned(read) == plan
    # Rules without a target are told apart from those with the topic; all else is equal.
    assert [(rule.name, rule.description, rule.event_pattern) for rule in read.rules] == [
        (rule.name, rule.description, rule.event_pattern) for rule in model.rules
    ]
    for section in ("topics", "roles", "policies", "ssm_documents"):
        assert getattr(read, section) == getattr(model, section)
