# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
import yaml
from aws_in_process import ACCOUNT, OURS
from permissions_files import permissions_file, resolved
from section_helpers import actions, converge, make, refused, run

from ansible_collections.clumio.aws.plugins.modules import clumio_ssm_documents

NAME = "Clumio-SystemHeartbeat-0f1e2d3c"


def content(description):
    return {
        "schemaVersion": "2.2",
        "description": description,
        "parameters": {"executionTimeout": {"type": "String", "default": "3600", "allowedPattern": "[0-9]+"}},
        "mainSteps": [
            {
                "action": "aws:runPowerShellScript",
                "name": "runCommands",
                "precondition": {"StringEquals": ["platformType", "Windows"]},
                "inputs": {"timeoutSeconds": "{{executionTimeout}}", "runCommand": ['Write-Output "here"']},
            }
        ],
    }


ONE, TWO = content("Version-1"), content("Version-2")
DOCUMENT = {"name": NAME, "content": ONE}
HELD = {
    "content": ONE,
    "document_type": "Command",
    "target_type": "/AWS::EC2::Instance",
    "default": "1",
    "latest": "1",
    "tags": OURS,
}


def documents(**members):
    return [DOCUMENT | members]


@pytest.fixture
def made(aws):
    make(aws, clumio_ssm_documents, ssm_documents=documents())
    return aws


def new_version(aws, document, *, default):
    """A version that somebody else makes."""
    ssm = aws.client("ssm")
    answer = ssm.update_document(
        Name=NAME, Content=json.dumps(document), DocumentVersion="$LATEST", TargetType="/AWS::EC2::Instance"
    )
    version = answer["DocumentDescription"]["DocumentVersion"]
    if default:
        ssm.update_document_default_version(Name=NAME, DocumentVersion=version)


def test_create(aws):
    result = converge(aws, clumio_ssm_documents, ["CreateDocument"], ssm_documents=documents())
    assert actions(result) == {NAME: ("create", [])}
    assert aws.ssm_document(NAME) == HELD


def test_create_of_another_type(aws):
    wanted = documents(document_type="Automation", target_type="/")
    make(aws, clumio_ssm_documents, ssm_documents=wanted)
    assert aws.ssm_document(NAME) == HELD | {"document_type": "Automation", "target_type": "/"}


def test_create_from_a_permissions_file(aws):
    plan = resolved(permissions_file("ebs", "mssql")).plan.as_dict()["ssm_documents"]
    converge(aws, clumio_ssm_documents, ["CreateDocument"] * 16, ssm_documents=plan)
    for document in plan:
        assert aws.ssm_document(document["name"])["content"] == document["content"]


def test_modify(made):
    """A new version is of no use before it is the default one."""
    writes = ["UpdateDocument", "UpdateDocumentDefaultVersion"]
    result = converge(made, clumio_ssm_documents, writes, ssm_documents=documents(content=TWO))
    assert actions(result) == {NAME: ("update", ["content"])}
    assert made.ssm_document(NAME) == HELD | {"content": TWO, "default": "2", "latest": "2"}


def test_modify_the_target(made):
    """A document without another content, but for other targets, is a new version too."""
    writes = ["UpdateDocument", "UpdateDocumentDefaultVersion"]
    converge(made, clumio_ssm_documents, writes, ssm_documents=documents(target_type="/"))
    assert made.ssm_document(NAME) == HELD | {"target_type": "/", "default": "2", "latest": "2"}


def test_drift(made):
    """Somebody's version is the default; ours is there, but older. AWS takes no content twice."""
    new_version(made, TWO, default=True)
    result = converge(made, clumio_ssm_documents, ["UpdateDocumentDefaultVersion"], ssm_documents=documents())
    assert actions(result) == {NAME: ("update", ["content"])}
    assert made.ssm_document(NAME) == HELD | {"default": "1", "latest": "2"}


def test_a_new_version_after_somebodys(made):
    new_version(made, TWO, default=True)
    three = content("Version-3")
    writes = ["UpdateDocument", "UpdateDocumentDefaultVersion"]
    converge(made, clumio_ssm_documents, writes, ssm_documents=documents(content=three))
    assert made.ssm_document(NAME) == HELD | {"content": three, "default": "3", "latest": "3"}


def test_a_latest_version_that_is_right_becomes_the_default(made):
    new_version(made, TWO, default=False)
    writes = ["UpdateDocumentDefaultVersion"]
    converge(made, clumio_ssm_documents, writes, ssm_documents=documents(content=TWO))
    assert made.ssm_document(NAME) == HELD | {"content": TWO, "default": "2", "latest": "2"}


def test_a_run_that_was_cut_short_is_finished(made):
    made.refuse("UpdateDocumentDefaultVersion", "InternalServerError", times=1)
    result, _writes = run(made, clumio_ssm_documents, ssm_documents=documents(content=TWO))
    assert result["failed"]
    writes = ["UpdateDocumentDefaultVersion"]
    converge(made, clumio_ssm_documents, writes, ssm_documents=documents(content=TWO))
    assert made.ssm_document(NAME)["content"] == TWO


def test_unchanged(made):
    """Neither the order of keys nor a version that is not the default matters."""
    converge(made, clumio_ssm_documents, [], ssm_documents=documents(content=dict(reversed(ONE.items()))))
    new_version(made, TWO, default=False)
    converge(made, clumio_ssm_documents, [], ssm_documents=documents())
    assert made.ssm_document(NAME) == HELD | {"latest": "2"}


def test_unchanged_where_it_was_made_from_yaml(aws):
    aws.client("ssm").create_document(
        Name=NAME,
        Content=yaml.safe_dump(ONE),
        DocumentType="Command",
        DocumentFormat="YAML",
        TargetType="/AWS::EC2::Instance",
        Tags=[{"Key": key, "Value": value} for key, value in OURS.items()],
    )
    converge(aws, clumio_ssm_documents, [], ssm_documents=documents())


@pytest.mark.parametrize("check_mode", [True, False])
def test_documents_of_others_are_refused_all_at_once(aws, check_mode):
    tags = {"Untagged": [], "Others": [{"Key": "clumio:connection", "Value": f"{ACCOUNT}_us-east-1"}]}
    for name, list_of_tags in tags.items():
        aws.client("ssm").create_document(
            Name=name, Content=json.dumps(TWO), DocumentType="Command", DocumentFormat="JSON", Tags=list_of_tags
        )
    wanted = [DOCUMENT | {"name": name} for name in (*tags, NAME)]
    result = refused(aws, clumio_ssm_documents, "foreign_resource", ssm_documents=wanted, check_mode=check_mode)
    untagged, others = result["failure"]["findings"]
    assert (untagged["entity"], others["entity"]) == ("Untagged", "Others")
    assert "(made on 20" in untagged["message"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_another_type_is_refused(made, check_mode):
    wanted = documents(document_type="Automation")
    result = refused(made, clumio_ssm_documents, "unchangeable", ssm_documents=wanted, check_mode=check_mode)
    assert f"The SSM document {NAME} has the document type Command, and Automation is wanted" in result["msg"]


def test_a_preview_is_good_for_check_mode_only(aws):
    plan = resolved(permissions_file("ebs", "mssql"), token=None, preview=True).plan.as_dict()["ssm_documents"]
    result, writes = run(aws, clumio_ssm_documents, check_mode=True, ssm_documents=plan)
    assert (result["changed"], writes) == (True, [])
    refused(aws, clumio_ssm_documents, "preview_plan", ssm_documents=plan)


def test_all_are_asked_for_at_once(aws):
    """Many of others are no matter."""
    for number in range(60):
        aws.client("ssm").create_document(Name=f"Other-{number}", Content=json.dumps(ONE), DocumentType="Command")
    wanted = [DOCUMENT | {"name": f"Clumio-{number}"} for number in range(20)]
    for reads in (["ListDocuments"] * 2, ["GetDocument"] * 20 + ["ListDocuments"] * 2):
        with aws.recorded() as calls:
            make(aws, clumio_ssm_documents, ssm_documents=wanted)
        assert sorted(call.operation for call in calls if not call.writes) == reads


def test_who_may_not_ask_is_told_once(aws):
    wanted = [DOCUMENT | {"name": f"Clumio-{number}"} for number in range(20)]
    aws.refuse("ListDocuments", "AccessDeniedException", "Not you.")
    with aws.recorded() as calls:
        result = refused(aws, clumio_ssm_documents, "aws_access_denied", ssm_documents=wanted)
    assert result["msg"] == "Cannot list the SSM documents of the account: access denied (Not you)."
    assert [call.operation for call in calls] == ["ListDocuments"]


@pytest.mark.parametrize("code", ["InvalidDocumentVersion", "InvalidDocumentOperation"])
def test_a_version_that_aws_is_still_making(made, code):
    made.refuse("UpdateDocumentDefaultVersion", code, times=1)
    _result, writes = run(made, clumio_ssm_documents, ssm_documents=documents(content=TWO))
    assert writes == ["UpdateDocument", "UpdateDocumentDefaultVersion", "UpdateDocumentDefaultVersion"]
    assert made.ssm_document(NAME)["content"] == TWO


def test_refusal_by_aws(aws):
    aws.refuse("CreateDocument", "DocumentLimitExceeded", "You have too many.")
    result, _writes = run(aws, clumio_ssm_documents, ssm_documents=documents())
    assert result["failed"]
    assert result["msg"].startswith(
        f"Cannot create the SSM document {NAME}: You have too many (DocumentLimitExceeded). Remove what is not needed "
    )
    assert (result["failure"]["code"], result["failure"]["aws_code"]) == ("aws_quota", "DocumentLimitExceeded")


# ---- versions


def default(aws, version):
    aws.client("ssm").update_document_default_version(Name=NAME, DocumentVersion=version)


def test_a_default_version_that_somebody_has_moved(made):
    """No new version is written, however often it happens."""
    converge(
        made,
        clumio_ssm_documents,
        ["UpdateDocument", "UpdateDocumentDefaultVersion"],
        ssm_documents=documents(content=TWO),
    )
    for _time in range(2):
        default(made, "1")
        writes = ["UpdateDocumentDefaultVersion"]
        result = converge(made, clumio_ssm_documents, writes, ssm_documents=documents(content=TWO))
        assert result["changes"][0]["ready_version"] == "2"
    assert made.ssm_document(NAME) == HELD | {"content": TWO, "default": "2", "latest": "2"}


def test_the_youngest_version_with_the_content_is_taken(made):
    for text in (TWO, ONE, content("Version-4")):
        new_version(made, text, default=True)
    result = converge(made, clumio_ssm_documents, ["UpdateDocumentDefaultVersion"], ssm_documents=documents())
    assert result["changes"][0]["ready_version"] == "3"
    assert made.ssm_document(NAME)["default"] == "3"


def test_a_version_that_is_gone_is_passed_over(made):
    for text in (TWO, content("Version-3")):
        new_version(made, text, default=True)
    made.client("ssm").delete_document(Name=NAME, DocumentVersion="2")
    converge(made, clumio_ssm_documents, ["UpdateDocumentDefaultVersion"], ssm_documents=documents())
    assert made.ssm_document(NAME)["default"] == "1"


# ---- tags, adoption


def tag(aws, name=NAME, **tags):
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    aws.client("ssm").add_tags_to_resource(ResourceType="Document", ResourceId=name, Tags=listed)


def test_tags_of_the_user(aws):
    converge(aws, clumio_ssm_documents, ["CreateDocument"], ssm_documents=documents(tags={"Team": "a", "Cost": 7}))
    assert aws.ssm_document(NAME)["tags"] == OURS | {"Team": "a", "Cost": "7"}
    writes = ["AddTagsToResource", "RemoveTagsFromResource"]
    result = converge(aws, clumio_ssm_documents, writes, ssm_documents=documents(tags={"Team": "b"}))
    assert actions(result) == {NAME: ("update", ["tags"])}
    assert aws.ssm_document(NAME) == HELD | {"tags": OURS | {"Team": "b"}}


@pytest.mark.parametrize(
    ("tags", "purge_tags", "stays"),
    [(None, True, True), ({"a": "b"}, False, True), ({"a": "b"}, True, False), ({}, True, False)],
)
def test_tags_of_others(aws, tags, purge_tags, stays):
    make(aws, clumio_ssm_documents, ssm_documents=documents(tags=tags))
    tag(aws, Theirs="1")
    writes = [] if stays else ["RemoveTagsFromResource"]
    converge(aws, clumio_ssm_documents, writes, ssm_documents=documents(tags=tags), purge_tags=purge_tags)
    assert aws.ssm_document(NAME)["tags"] == OURS | (tags or {}) | ({"Theirs": "1"} if stays else {})


def create_by_hand(aws, text=ONE, **tags):
    aws.client("ssm").create_document(
        Name=NAME,
        Content=json.dumps(text),
        DocumentType="Command",
        DocumentFormat="JSON",
        TargetType="/AWS::EC2::Instance",
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )


@pytest.mark.parametrize(
    ("text", "writes", "differences"),
    [
        (ONE, ["AddTagsToResource"], ["tags"]),
        (TWO, ["AddTagsToResource", "UpdateDocument", "UpdateDocumentDefaultVersion"], ["content", "tags"]),
    ],
)
def test_adopt(aws, text, writes, differences):
    create_by_hand(aws, text, Team="backup")
    refused(aws, clumio_ssm_documents, "foreign_resource", ssm_documents=documents())
    result = converge(aws, clumio_ssm_documents, writes, ssm_documents=documents(), adopt=True)
    assert actions(result) == {NAME: ("adopt", differences)}
    held = aws.ssm_document(NAME)
    assert (held["content"], held["tags"]) == (ONE, OURS | {"Team": "backup"})


def test_what_cannot_be_changed_cannot_be_adopted(aws):
    create_by_hand(aws)
    wanted = documents(document_type="Automation")
    result = refused(aws, clumio_ssm_documents, "unchangeable", ssm_documents=wanted, adopt=True)
    assert "Automation is wanted" in result["msg"]


def test_adopting_takes_nothing_from_another_connection(aws):
    create_by_hand(aws, **{"clumio:connection": f"{ACCOUNT}_us-east-1"})
    refused(aws, clumio_ssm_documents, "foreign_resource", ssm_documents=documents(), adopt=True)


# ---- away again


def names(aws):
    filters = [{"Key": "Owner", "Values": ["Self"]}]
    return sorted(found["Name"] for found in aws.client("ssm").list_documents(Filters=filters)["DocumentIdentifiers"])


@pytest.mark.parametrize("listed", [True, False])
def test_absent(aws, listed):
    """With all their versions."""
    wanted = [*documents(), DOCUMENT | {"name": "Clumio-Other"}]
    make(aws, clumio_ssm_documents, ssm_documents=wanted)
    new_version(aws, TWO, default=True)
    aws.client("ssm").create_document(Name="Theirs", Content=json.dumps(ONE), DocumentType="Command")
    options = {"ssm_documents": wanted} if listed else {"everything": True}
    result = converge(aws, clumio_ssm_documents, ["DeleteDocument"] * 2, state="absent", **options)
    assert actions(result) == {NAME: ("delete", []), "Clumio-Other": ("delete", [])}
    assert (result["ssm_documents"], result["kept"]) == ([], [])
    assert names(aws) == ["Theirs"]


def test_absent_of_more_than_a_page(aws):
    wanted = [DOCUMENT | {"name": f"Clumio-{number}"} for number in range(55)]
    make(aws, clumio_ssm_documents, ssm_documents=wanted)
    result, writes = run(aws, clumio_ssm_documents, state="absent", everything=True)
    assert (len(result["changes"]), len(writes), names(aws)) == (55, 55, [])


def test_absent_keeps_what_is_not_ours(aws):
    create_by_hand(aws, Team="backup")
    result = converge(aws, clumio_ssm_documents, [], ssm_documents=documents(), state="absent")
    (kept,) = result["kept"]
    assert (kept["section"], kept["name"]) == ("ssm_documents", NAME)
    assert "its tags: Team=backup" in kept["reason"]
    tag(aws, **{"clumio:connection": f"{ACCOUNT}_us-east-1"})
    converge(aws, clumio_ssm_documents, [], state="absent", everything=True)
    assert names(aws) == [NAME]
