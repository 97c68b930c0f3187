# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever stands in a file, the reader gives a plan or one clear error, in time, and never a placeholder."""

from __future__ import annotations

import copy
import json
import re
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.arns import handed_over
from ansible_collections.clumio.aws.plugins.module_utils._permissions.audit import audit
from ansible_collections.clumio.aws.plugins.module_utils._permissions.catalogue import catalogue
from ansible_collections.clumio.aws.plugins.module_utils._permissions.findings import refuse_errors
from ansible_collections.clumio.aws.plugins.module_utils._permissions.load import load
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection, Naming
from ansible_collections.clumio.aws.plugins.module_utils._permissions.resolve import resolve
from sandbox.permissions import build

CONNECTION = Connection("111122223333", "us-west-2")
PLACEHOLDER = re.compile(r"(?<![A-Za-z0-9])(CLUMIO|ROLEEXTERNALID)[A-Z0-9]*(?![A-Za-z0-9])")

# Half of the documents as objects, so that mutations reach into them.
BASE = build(
    ["s3", "iceberg_on_s3_tables"],
    CONNECTION.account_id,
    CONNECTION.region,
    clumio_account="999988887777",
    data_plane_account="888877776666",
)
for role in BASE["roles"].values():
    role["trust_policy"] = json.loads(role["trust_policy"])
    for policy in role["inline_policies"] or []:
        policy["policy_document"] = json.loads(policy["policy_document"])
BASE["ssm_documents"]["Clumio-X-CLUMIOTOKEN"] = {
    "schemaVersion": "2.2",
    "description": "fuzzed",
    "parameters": {"executionTimeout": {"type": "String", "default": "3600"}},
    "mainSteps": [
        {
            "action": "aws:runPowerShellScript",
            "name": "run",
            "inputs": {"timeoutSeconds": "{{executionTimeout}}", "runCommand": ["Write-Output 1"]},
        }
    ],
}

WORDS = st.sampled_from(
    [
        *(
            "CLUMIOTOKEN",
            "ROLEEXTERNALID",
            "CLUMIOEVENTPUB",
            "CLUMIONOWHERE",
            "Allow",
            "*",
            "",
            "x" * 100_000,
            "\ud800",
        ),
        *(
            "arn:aws:iam::999999999999:role/x",
            '{"a":1,"a":2}',
            '"{}"',
            "{{ lookup('pipe', 'id') }}",
            "- &a [*a]",
            "../x",
        ),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | WORDS, inner, max_size=4),
    max_leaves=12,
)


def places(value, path=()):
    """The path of everything inside a value."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield (*path, key)
            yield from places(value[key], (*path, key))


PLACES = list(places(BASE))


@st.composite
def mutated(draw):
    """A whole file with something else at one to three of its places."""
    file = copy.deepcopy(BASE)
    for *parents, key in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3)):
        holder = file
        for parent in parents:
            try:
                holder = holder[parent]
            except (KeyError, IndexError, TypeError):
                break
        if isinstance(holder, dict) and isinstance(key, str) and key in holder:
            what = draw(st.sampled_from(["replace", "delete", "rename"]))
            old = holder.pop(key)
            if what == "replace":
                holder[key] = draw(JSON)
            elif what == "rename":
                holder[draw(st.text(max_size=200) | WORDS)] = old
        elif isinstance(holder, list) and isinstance(key, int) and key < len(holder):
            holder[key] = draw(JSON)
    return json.dumps(file)


@st.composite
def damaged(draw):
    """The text of a file, cut off, with bytes exchanged, or with something put in."""
    raw = bytearray(json.dumps(BASE).encode())
    start = draw(st.integers(0, len(raw)))
    match draw(st.sampled_from(["cut", "exchange", "insert"])):
        case "cut":
            del raw[start:]
        case "exchange":
            raw[start : start + 3] = draw(st.binary(max_size=6))
        case "insert":
            raw[start:start] = draw(
                st.sampled_from([b"[" * 5000, b'"a":1,', b"\xff", b"\xef\xbb\xbf", b"\r\n", b"1e999"])
            )
    return bytes(raw)


@given(raw=mutated() | damaged() | JSON.map(json.dumps) | st.binary())
@settings(max_examples=2500, deadline=timedelta(seconds=2))
def test_a_plan_or_one_clear_error(raw):
    naming = Naming(CONNECTION)
    refusal = None
    try:
        file = load(raw)
        resolved = resolve(file, naming, token="t" * 36, external_id="e")
        findings = [*resolved.findings, *audit(resolved.plan, CONNECTION, "999988887777", "e")]
        refuse_errors(findings, "It cannot be used")
    except InputError as error:
        refusal = error
    if refusal:
        assert refusal.code
        assert len(refusal.sentence.splitlines()) == 1
    else:
        assert not PLACEHOLDER.search(json.dumps(resolved.plan.as_dict()))
        json.dumps([handed_over(file, naming), [row.as_dict() for row in catalogue(resolved.plan)]])
