# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from aws_in_process import CONNECTION, OURS
from permissions_files import PLACE

from ansible_collections.clumio.aws.plugins.module_utils._provision.ownership import foreign, owner_tags


def test_tags_of_the_owner():
    assert owner_tags(PLACE) == OURS


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (OURS, ""),
        ({"clumio:connection": CONNECTION}, ""),
        (OURS | {"Team": "backup"}, ""),
        (OURS | {"clumio:connection": "123456789012_us-east-1"}, "belongs to the connection 123456789012_us-east-1"),
        ({"aws:cloudformation:stack-name": "clumio"}, "belongs to the CloudFormation stack clumio"),
        ({}, "has no tag clumio:connection (its tags: none)"),
        ({"Vendor": "Clumio", "A": "b"}, "has no tag clumio:connection (its tags: A=b, Vendor=Clumio)"),
        ({"Clumio:Connection": CONNECTION}, "has no tag clumio:connection"),
    ],
)
def test_whose_it_is(tags, said):
    assert (said in foreign(PLACE, tags)) if said else foreign(PLACE, tags) == ""
