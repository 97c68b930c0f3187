# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is drawn of a connection."""

from __future__ import annotations

import json

import report_samples as samples

from ansible_collections.clumio.aws.plugins.filter.report import connection_report
from ansible_collections.clumio.aws.plugins.module_utils._report.drawing import WIDTH, drawing


def drawn(results, playbook="onboard"):
    return drawing(json.loads(connection_report(results, "111122223333", "us-west-2", playbook)))


def test_rules_report_to_the_topic_the_topic_to_clumio_and_clumio_assumes_its_role():
    found = drawn(samples.onboarded())
    assert [(box.kind, box.name, box.caption) for box in found.boxes] == [
        ("rule", "ClumioCloudtrailEventRule", "rule"),
        ("rule", "ClumioCloudwatchEventRule", "rule"),
        ("topic", "ClumioEventPub", "topic"),
        ("role", "ClumioIAMRole", "role, assumed by Clumio"),
        ("role", "ClumioS3ContinuousBackupEventBridgeRole", "role, assumed by events.amazonaws.com"),
        ("clumio", "Clumio", "account 999988887777"),
    ]
    rules, topic, role, clumio = found.boxes[:2], found.boxes[2], found.boxes[3], found.boxes[5]
    assert [(arrow.x1, arrow.x2) for arrow in found.arrows[:2]] == [(rules[0].width, topic.x)] * 2
    assert found.arrows[2].y2 == clumio.y
    assert (found.arrows[3].x2, found.arrows[3].y2) == (role.width, role.y + role.height // 2)
    assert len(found.arrows) == 4
    assert "The rule ClumioCloudtrailEventRule reports to the topic ClumioEventPub." in found.description
    assert "ClumioIAMRole is a role, assumed by Clumio." in found.description


def test_boxes_stay_inside_and_apart():
    found = drawn(samples.onboarded())
    for box in found.boxes:
        assert 0 <= box.x < box.x + box.width <= WIDTH
        assert 0 <= box.y < box.y + box.height <= found.height
    apart = [
        one.y + one.height <= other.y or other.y + other.height <= one.y
        for index, one in enumerate(found.boxes)
        for other in found.boxes[:index]
        if one.x == other.x
    ]
    assert all(apart)


def test_clumios_account_is_known_from_the_trust_policy_where_the_api_was_not_asked():
    results = samples.onboarded()
    del results["connection"], results["validation"]
    assert drawn(results).boxes[-1].caption == "account 999988887777"


def test_a_long_name_is_squeezed_into_its_box():
    results = samples.onboarded()
    results["permissions_file"]["permissions"]["roles"][0]["name"] = "R" * 64
    role = next(box for box in drawn(results).boxes if box.name == "R" * 64)
    assert 0 < role.squeezed < role.width


def test_what_goes_is_not_drawn():
    assert drawn(samples.onboarded(action="delete"), "offboard") is None
    assert drawn({}) is None
