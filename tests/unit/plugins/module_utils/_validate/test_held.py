# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from permissions_files import PLACE, policy, trust_policy

from ansible_collections.clumio.aws.plugins.module_utils._permissions.grants import grants
from ansible_collections.clumio.aws.plugins.module_utils._permissions.plan import InlinePolicy, Role
from ansible_collections.clumio.aws.plugins.module_utils._validate.decisions import BOUNDARY, NO_POLICY
from ansible_collections.clumio.aws.plugins.module_utils._validate.held import Held, managed_policies

ATTACHED, LIMIT = PLACE.policy_arn("Attached"), PLACE.policy_arn("Limit")
ANYTHING = policy(Action="*", Resource="*")


def deny(**statement):
    return policy(**{"Effect": "Deny", "Action": "s3:*", "Resource": "*"} | statement)


def decided(wanted, *inline, attached=None, boundary=None):
    """Whether a role with these policies may do what a policy with one permission allows."""
    role = Role(
        name="R",
        arn=PLACE.role_arn("R"),
        trust_policy=trust_policy(),
        inline_policies=tuple(InlinePolicy(name=f"I{at}", document=each) for at, each in enumerate(inline)),
        managed_policies=(ATTACHED,) if attached else (),
        permissions_boundary=LIMIT if boundary else "",
    )
    given = {ATTACHED: attached, LIMIT: boundary}
    documents = {arn: None if given[arn] == "unreadable" else given[arn] for arn in managed_policies(role)}
    (grant,) = grants([wanted])
    decision = Held.of(role, documents).decide(grant)
    return decision.status, decision.cause


GET = policy(Action="s3:GetObject", Resource="arn:aws:s3:::b/*")


@pytest.mark.parametrize("attached", [GET, ANYTHING, policy(Action="s3:Get*", Resource="*")])
def test_allowed_by_an_attached_policy(attached):
    assert decided(GET, attached=attached) == ("allowed", "")


def test_allowed_by_an_inline_policy():
    assert decided(GET, GET) == ("allowed", "")


@pytest.mark.parametrize(
    "other",
    [
        policy(Action="s3:PutObject", Resource="*"),
        policy(Action="s3:GetObject", Resource="arn:aws:s3:::other/*"),
        policy(Action="s3:GetObject", Resource="*", Condition={"Bool": {"aws:SecureTransport": "true"}}),
    ],
)
def test_allowed_by_no_policy(other):
    assert decided(GET) == ("denied", NO_POLICY)
    assert decided(GET, other) == ("denied", NO_POLICY)


def test_a_denial_wins_and_is_named():
    assert decided(GET, ANYTHING, deny()) == ("denied", "a Deny in I1")
    assert decided(GET, ANYTHING, attached=deny()) == ("denied", "a Deny in Attached")
    assert decided(GET, ANYTHING, deny(Action="ec2:*")) == ("allowed", "")


@pytest.mark.parametrize(
    "denial",
    [
        deny(Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        deny(Resource="arn:aws:s3:::b/secret/*"),
    ],
)
def test_a_denial_of_a_part_leaves_it_open(denial):
    assert decided(GET, ANYTHING, denial) == ("unknown", "it depends on a Deny in I1")


def test_a_policy_that_cannot_be_read():
    assert decided(GET, attached="unreadable") == ("unknown", "Attached cannot be read")
    assert decided(GET, GET, attached="unreadable") == ("allowed", "")


def test_the_boundary_has_to_allow_it_too():
    assert decided(GET, GET, boundary=ANYTHING) == ("allowed", "")
    assert decided(GET, GET, boundary=policy(Action="ec2:*", Resource="*")) == ("denied", BOUNDARY)
    assert decided(GET, GET, boundary=policy(NotAction="iam:*", Resource="*")) == ("allowed", "")
    assert decided(GET, GET, boundary=policy(NotAction="s3:*", Resource="*")) == ("denied", BOUNDARY)
    assert decided(GET, GET, boundary="unreadable") == ("unknown", f"{LIMIT} cannot be read")


def test_a_boundary_grants_nothing():
    assert decided(GET, boundary=ANYTHING) == ("denied", NO_POLICY)
