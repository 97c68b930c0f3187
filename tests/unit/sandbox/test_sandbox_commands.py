# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from aws_account import SESSION, Account
from botocore.config import Config

from sandbox import processes
from sandbox.__main__ import main

CHECKOUT = Path(__file__).resolve().parents[3]
CONNECTION = "/connections/aws/111122223333_us-west-2"
DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}
TEXT = json.dumps(DOCUMENT)


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``python -m sandbox``, as a person runs it."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def exports(output: str) -> dict[str, str]:
    """The variables that a shell would have after ``eval``; every line must be an export."""
    lines = [re.fullmatch(r"export ([A-Za-z_]+)=('[^']*')", line) for line in output.splitlines()]
    assert all(lines), output
    return {line[1]: shlex.split(line[2])[0] for line in lines if line}


def process_lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@dataclass
class Started:
    directory: Path
    variables: Mapping[str, str]

    def run(self, *arguments: str) -> str:
        """What a command that succeeds prints."""
        with redirect_stdout(io.StringIO()) as output:
            assert main([*arguments, "--state-dir", str(self.directory)]) == 0
        return output.getvalue()

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments))

    def aws(self, service: str) -> Any:
        return SESSION.client(
            service,
            endpoint_url=self.variables["AWS_ENDPOINT_URL"],
            region_name=self.variables["AWS_REGION"],
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            config=Config(proxies={}),
        )

    def clumio(self, method: str, path: str, body: Any = None) -> Any:
        resource = "aws-templates" if path.endswith("templates") else "aws-connections"
        session = requests.Session()
        session.trust_env = False
        answer = session.request(
            method,
            self.variables["CLUMIO_API_BASE_URL"] + path,
            json=body,
            headers={
                "Accept": f"application/api.clumio.{resource}=v1+json",
                "Authorization": f"Bearer {self.variables['CLUMIO_API_TOKEN']}",
            },
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    directory = tmp_path_factory.mktemp("commands") / "state"
    delays = ("--connect-delay", "0", "--ingest-delay", "0")
    done = command("start", *delays, "--state-dir", str(directory), AWS_PROFILE="none", HTTP_PROXY="http://127.0.0.1:1")
    try:
        assert done.returncode == 0, done.stderr
        yield Started(directory, exports(done.stdout))
    finally:
        processes.stop(directory)


# ---- start, env, stop


def test_start_prints_what_clients_need(started: Started) -> None:
    known = {
        "AWS_ACCESS_KEY_ID": "SANDBOX111122223333",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_REGION": "us-west-2",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    others = {"AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY", "CLUMIO_API_BASE_URL", "CLUMIO_API_TOKEN"}
    assert known.items() <= started.variables.items()
    assert set(started.variables) == known.keys() | others
    assert started.aws("sts").get_caller_identity()["Account"] == "111122223333"
    assert started.clumio("GET", "/connections/aws")["current_count"] == 0


def test_env_prints_the_same_again(started: Started) -> None:
    assert exports(started.run("env")) == started.variables


def test_the_state_directory_may_come_from_the_environment(started: Started) -> None:
    done = command("env", CLUMIO_SANDBOX_STATE_DIR=str(started.directory))
    assert exports(done.stdout) == started.variables


def test_a_second_start_says_that_one_runs(started: Started) -> None:
    done = command("start", "--state-dir", str(started.directory))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"A sandbox already runs from {started.directory}" in done.stderr
    assert exports(started.run("env")) == started.variables


def test_the_token_is_for_its_owner_only(started: Started) -> None:
    state = started.directory / "state.json"
    assert state.stat().st_mode & 0o077 == 0
    token = started.variables["CLUMIO_API_TOKEN"]
    for pid in json.loads(state.read_text(encoding="utf-8"))["pids"].values():
        assert token not in Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")


def test_two_sandboxes_run_side_by_side(started: Started, state_dir: Path) -> None:
    options = ("--account", "444455556666", "--region", "eu-west-1", "--latency", "20")
    done = command("start", "--state-dir", str(state_dir), *options)
    other = Started(state_dir, exports(done.stdout))
    assert other.variables["AWS_REGION"] == "eu-west-1"
    assert other.aws("sts").get_caller_identity()["Account"] == "444455556666"
    assert other.json("calls", "--json")[0]["duration_ms"] >= 20
    pids = json.loads((state_dir / "state.json").read_text(encoding="utf-8"))["pids"].values()
    assert len([pid for pid in pids if process_lives(pid)]) == 3

    other.run("stop")
    assert [pid for pid in pids if process_lives(pid)] == []
    assert not state_dir.exists()
    assert started.aws("sts").get_caller_identity()["Account"] == "111122223333"


def test_stopping_when_nothing_runs_is_no_error(state_dir: Path) -> None:
    done = command("stop", "--state-dir", str(state_dir))
    assert (done.returncode, done.stdout) == (0, "")
    assert "No sandbox runs" in done.stderr


@pytest.mark.parametrize("name", ["env", "calls", "dump", "scp --account 111122223333", "reset"])
def test_commands_say_that_nothing_runs(state_dir: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main([*name.split(), "--state-dir", str(state_dir)]) == 1
    assert f"No sandbox runs from {state_dir}" in capsys.readouterr().err


def test_stop_leaves_files_of_others(state_dir: Path) -> None:
    state_dir.mkdir()
    (state_dir / "mine").touch()
    assert main(["start", "--state-dir", str(state_dir)]) == 0
    assert main(["stop", "--state-dir", str(state_dir)]) == 0
    assert [path.name for path in state_dir.iterdir()] == ["mine"]


def test_stop_does_not_touch_a_process_that_has_the_number_of_one_of_ours(state_dir: Path) -> None:
    assert main(["start", "--state-dir", str(state_dir)]) == 0
    file = state_dir / "state.json"
    state = json.loads(file.read_text(encoding="utf-8"))
    os.kill(state["pids"]["proxy"], signal.SIGKILL)
    while process_lives(state["pids"]["proxy"]):
        pass
    with subprocess.Popen(["sleep", "60"]) as stranger:
        state["pids"]["proxy"] = stranger.pid
        file.write_text(json.dumps(state), encoding="utf-8")
        assert main(["stop", "--state-dir", str(state_dir)]) == 0
        assert stranger.poll() is None
        stranger.kill()


def test_a_sandbox_that_lost_a_process_is_not_a_running_one(
    state_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["start", "--state-dir", str(state_dir)]) == 0
    state = json.loads((state_dir / "state.json").read_text(encoding="utf-8"))
    os.kill(state["pids"]["proxy"], signal.SIGKILL)
    while process_lives(state["pids"]["proxy"]):
        pass
    assert main(["env", "--state-dir", str(state_dir)]) == 1
    assert "has lost proxy" in capsys.readouterr().err
    assert main(["stop", "--state-dir", str(state_dir)]) == 0
    assert [pid for pid in state["pids"].values() if process_lives(pid)] == []


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that the test starts."""
    processes_made: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            processes_made.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    return processes_made


def test_a_start_that_fails_leaves_no_process_and_no_state(
    state_dir: Path, made: list[subprocess.Popen[bytes]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["start", "--state-dir", str(state_dir), "--quota", "RolesPerPlanet=3"]) == 1
    assert "unknown quota RolesPerPlanet" in capsys.readouterr().err
    assert len(made) == 3
    assert [process for process in made if process_lives(process.pid)] == []
    assert not (state_dir / "state.json").exists()
    # What is left does not stand in the way.
    assert main(["start", "--state-dir", str(state_dir)]) == 0


def test_a_start_that_is_interrupted_leaves_no_process_and_no_state(
    state_dir: Path, made: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(processes, "http_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        main(["start", "--state-dir", str(state_dir)])
    assert len(made) == 3
    assert [process for process in made if process_lives(process.pid)] == []
    assert not (state_dir / "state.json").exists()


def test_a_process_that_never_answers_is_waited_for_until_the_deadline(
    state_dir: Path,
    made: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def no_answer(*_arguments: Any, **_options: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(processes, "http_json", no_answer)
    monkeypatch.setattr(processes, "START_DEADLINE", 0.2)
    assert main(["start", "--state-dir", str(state_dir)]) == 1
    assert "aws does not answer" in capsys.readouterr().err
    assert [process for process in made if process_lives(process.pid)] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--account", "1111"],
        ["--region", "here"],
        ["--latency", "-1"],
        ["--latency", "nan"],
        ["--connect-delay", "soon"],
        ["--quota", "AttachedPoliciesPerRoleQuota"],
        ["--quota", "AttachedPoliciesPerRoleQuota=many"],
    ],
)
def test_options_that_cannot_be(state_dir: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["start", "--state-dir", str(state_dir), *arguments])
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err
    assert not state_dir.exists()


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(
        re.search(rf"^    {name} ", shown, re.MULTILINE) for name in ("start", "env", "calls", "dump", "scp", "stop")
    )


def test_a_person_s_aws_profile_and_proxies_do_not_matter(started: Started) -> None:
    theirs = {"AWS_PROFILE": "none", "HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"}
    done = command("dump", "--state-dir", str(started.directory), **theirs)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"aws", "clumio"}


# ---- calls, reset, dump


@pytest.fixture
def empty(started: Started) -> Started:
    """The sandbox without anything in it."""
    started.run("reset")
    return started


def test_calls_lists_the_calls_of_clients(empty: Started) -> None:
    empty.aws("sns").create_topic(Name="topic")
    empty.aws("sns").list_topics()
    empty.aws("sns").list_topics()
    shown = [line.split() for line in empty.run("calls").splitlines()]
    assert shown[0] == ["number", "service", "action", "account", "kind", "status", "error", "duration_ms"]
    assert [line[:6] for line in shown[1:]] == [
        ["1", "sns", "CreateTopic", "111122223333", "write", "200"],
        ["2", "sns", "ListTopics", "111122223333", "read", "200"],
        ["3", "sns", "ListTopics", "111122223333", "read", "200"],
    ]
    [call] = empty.json("calls", "--json", "--write-only")
    assert (call["action"], call["client"]) == ("CreateTopic", "other")
    assert empty.json("calls", "--summary", "--json") == [
        {"calls": 1, "service": "sns", "action": "CreateTopic", "kind": "write"},
        {"calls": 2, "service": "sns", "action": "ListTopics", "kind": "read"},
    ]
    assert empty.run("calls", "--summary", "--write-only").split() == [
        *("calls", "service", "action", "kind"),
        *("1", "sns", "CreateTopic", "write"),
    ]


def test_reset_empties_everything(empty: Started) -> None:
    empty.aws("sns").create_topic(Name="topic")
    empty.clumio("POST", "/connections/aws", {"account_native_id": "111122223333", "aws_region": "us-west-2"})
    empty.run("reset")
    assert empty.json("calls", "--json") == []
    dumped = empty.json("dump")
    assert dumped["clumio"] == {"connections": []}
    assert set(map(str, dumped["aws"].values())) == {"[]"}


def test_an_scp_is_set_and_taken_away(empty: Started, tmp_path: Path) -> None:
    iam = empty.aws("iam")
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=TEXT)["Role"]["Arn"]
    iam.put_role_policy(RoleName="role", PolicyName="inline", PolicyDocument=TEXT)
    file = tmp_path / "scp.json"
    file.write_text(TEXT.replace("Allow", "Deny"), encoding="utf-8")

    def decision() -> str:
        asked = {"PolicySourceArn": role, "ActionNames": ["ec2:CreateSnapshot"]}
        return str(iam.simulate_principal_policy(**asked)["EvaluationResults"][0]["EvalDecision"])

    assert decision() == "allowed"
    assert empty.run("scp", "--account", "111122223333", str(file)) == ""
    assert decision() == "explicitDeny"
    empty.run("scp", "--account", "111122223333")
    assert decision() == "allowed"
    empty.run("scp", "--account", "111122223333", str(file))
    empty.run("reset")
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=TEXT)
    assert decision() == "implicitDeny"


@pytest.mark.parametrize("text", [None, "{", "[]", '{"Statement": [{"Effect": "None"}]}'])
def test_what_is_no_policy_is_no_scp(
    started: Started, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    file = tmp_path / "scp.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    arguments = ["scp", "--account", "111122223333", str(file), "--state-dir", str(started.directory)]
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(f"{file}")


def test_dump_shows_what_aws_and_clumio_hold(empty: Started) -> None:
    sns, events, iam, ssm = (empty.aws(service) for service in ("sns", "events", "iam", "ssm"))
    tags = [{"Key": "Vendor", "Value": "Clumio"}]
    topic = sns.create_topic(Name="topic", Tags=tags)["TopicArn"]
    events.put_rule(Name="rule", EventPattern='{"source":["aws.ec2"]}', Tags=tags)
    events.put_targets(Rule="rule", Targets=[{"Id": "target", "Arn": topic}])
    iam.create_role(RoleName="role", Path="/clumio/", AssumeRolePolicyDocument=TEXT, Tags=tags)
    policy = iam.create_policy(PolicyName="policy", PolicyDocument=TEXT, Tags=tags)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=TEXT, SetAsDefault=True)
    iam.attach_role_policy(RoleName="role", PolicyArn=policy)
    iam.put_role_policy(RoleName="role", PolicyName="inline", PolicyDocument=TEXT)
    iam.put_role_permissions_boundary(RoleName="role", PermissionsBoundary=policy)
    iam.create_instance_profile(InstanceProfileName="profile", Tags=tags)
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="role")
    content = {"schemaVersion": "2.2", "description": "d", "parameters": {}, "mainSteps": []}
    made = {"DocumentType": "Command", "DocumentFormat": "JSON", "TargetType": "/AWS::EC2::Instance", "Tags": tags}
    ssm.create_document(Name="document", Content=json.dumps(content), **made)
    empty.clumio("POST", "/connections/aws", {"account_native_id": "111122223333", "aws_region": "us-west-2"})

    before = len(empty.json("calls", "--json"))
    dumped = empty.json("dump")
    assert len(empty.json("calls", "--json")) == before

    [shown_topic] = dumped["aws"].pop("topics")
    assert (shown_topic["TopicArn"], shown_topic["Tags"]) == (topic, {"Vendor": "Clumio"})
    assert isinstance(shown_topic["Policy"]["Statement"], list)
    assert "Policy" not in shown_topic["Attributes"]
    assert dumped["aws"] == {
        "kms_keys": [],
        "rules": [
            {
                "Name": "rule",
                "Arn": "arn:aws:events:us-west-2:111122223333:rule/rule",
                "Description": None,
                "EventBusName": "default",
                "State": "ENABLED",
                "EventPattern": {"source": ["aws.ec2"]},
                "Targets": [{"Id": "target", "Arn": topic}],
                "Tags": {"Vendor": "Clumio"},
            }
        ],
        "policies": [
            {
                "PolicyName": "policy",
                "Arn": policy,
                "Path": "/",
                "Description": None,
                "DefaultVersionId": "v2",
                "Document": DOCUMENT,
                "VersionIds": ["v1", "v2"],
                "Tags": {"Vendor": "Clumio"},
            }
        ],
        "roles": [
            {
                "RoleName": "role",
                "Arn": "arn:aws:iam::111122223333:role/clumio/role",
                "Path": "/clumio/",
                "Description": None,
                "AssumeRolePolicyDocument": DOCUMENT,
                "AttachedPolicies": ["policy"],
                "InlinePolicies": {"inline": DOCUMENT},
                "PermissionsBoundary": policy,
                "Tags": {"Vendor": "Clumio"},
            }
        ],
        "instance_profiles": [
            {
                "InstanceProfileName": "profile",
                "Arn": "arn:aws:iam::111122223333:instance-profile/profile",
                "Path": "/",
                "Roles": ["role"],
                "Tags": {"Vendor": "Clumio"},
            }
        ],
        "ssm_documents": [
            {
                "Name": "document",
                "DefaultVersion": "1",
                "DocumentFormat": "JSON",
                "DocumentType": "Command",
                "Status": "Active",
                "TargetType": "/AWS::EC2::Instance",
                "Content": content,
                "Tags": {"Vendor": "Clumio"},
            }
        ],
    }
    [connection] = dumped["clumio"]["connections"]
    assert (connection["id"], connection["findings"]) == ("111122223333_us-west-2", [])

    elsewhere = empty.json("dump", "--account", "444455556666")["aws"]
    assert elsewhere["roles"] == elsewhere["topics"] == []
    other_region = empty.json("dump", "--region", "us-east-1")["aws"]
    assert other_region["topics"] == []
    assert [role["RoleName"] for role in other_region["roles"]] == ["role"]


def test_dump_shows_keys_without_their_ids(empty: Started) -> None:
    kms, sns = empty.aws("kms"), empty.aws("sns")
    kms.describe_key(KeyId="alias/aws/ebs")  # moto makes AWS's own key then
    kms.create_key(Description="neither an alias nor Clumio's tag")
    tags = [{"TagKey": "Vendor", "TagValue": "Clumio"}]
    named, unnamed = (kms.create_key(Description=text, Policy=TEXT, Tags=tags)["KeyMetadata"] for text in "ab")
    for alias in ("alias/second", "alias/first"):
        kms.create_alias(AliasName=alias, TargetKeyId=named["KeyId"])
    kms.enable_key_rotation(KeyId=named["KeyId"])
    kms.schedule_key_deletion(KeyId=unnamed["KeyId"], PendingWindowInDays=7)
    for name, key in {
        "by-alias": "alias/first",
        "by-arn": named["Arn"],
        "by-id": named["KeyId"],
        "by-id-unnamed": unnamed["KeyId"],
    }.items():
        sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key})

    text = empty.run("dump")
    assert named["KeyId"] not in text
    assert unnamed["KeyId"] not in text
    dumped = json.loads(text)["aws"]
    assert dumped["kms_keys"] == [
        {
            "Aliases": ["alias/first", "alias/second"],
            "Description": "a",
            "KeyRotationEnabled": True,
            "KeyState": "Enabled",
            "Policy": DOCUMENT,
            "Tags": {"Vendor": "Clumio"},
        },
        {
            "Aliases": [],
            "Description": "b",
            "KeyRotationEnabled": False,
            "KeyState": "PendingDeletion",
            "Policy": DOCUMENT,
            "Tags": {"Vendor": "Clumio"},
        },
    ]
    assert {
        topic["TopicArn"].rpartition(":")[2]: topic["Attributes"]["KmsMasterKeyId"] for topic in dumped["topics"]
    } == {
        "by-alias": "alias/first",
        "by-arn": "arn:aws:kms:us-west-2:111122223333:key/<key of alias/first>",
        "by-id": "<key of alias/first>",
        "by-id-unnamed": "<key without an alias>",
    }
    summary = [line.split() for line in empty.run("dump", "--summary").splitlines()]
    assert [line for line in summary if line[0] == "kms_keys"] == [
        ["kms_keys", "alias/first,", "alias/second", "Enabled"],
        ["kms_keys", "b", "PendingDeletion"],
    ]


def test_calls_that_only_read_are_told_from_those_that_write(empty: Started) -> None:
    kms, tagging = empty.aws("kms"), empty.aws("resourcegroupstaggingapi")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.get_key_policy(KeyId=key_id, PolicyName="default")
    kms.list_resource_tags(KeyId=key_id)
    tagging.get_resources(ResourceTypeFilters=["kms:key"])
    kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "Vendor", "TagValue": "Clumio"}])
    kms.untag_resource(KeyId=key_id, TagKeys=["Vendor"])
    kms.schedule_key_deletion(KeyId=key_id)
    written = empty.json("calls", "--json", "--write-only")
    assert [(call["service"], call["action"], call["status"]) for call in written] == [
        ("kms", "CreateKey", 200),
        ("kms", "TagResource", 200),
        ("kms", "UntagResource", 200),
        ("kms", "ScheduleKeyDeletion", 200),
    ]
    assert len(empty.json("calls", "--json")) == 7


# ---- all of it together


def test_an_account_is_connected_unlinked_and_connected_again(empty: Started) -> None:
    created = empty.clumio(
        "POST",
        "/connections/aws",
        {"account_native_id": "111122223333", "aws_region": "us-west-2", "protect_asset_types_enabled": ["EBS", "S3"]},
    )
    moto = json.loads((empty.directory / "state.json").read_text(encoding="utf-8"))["urls"]["aws"]
    account = Account(moto, ["ebs", "s3"], token=created["token"], id="111122223333")
    before = empty.json("calls", "--json")
    body = {"asset_types_enabled": ["EBS", "S3"], "description": None, "resources": account.resources()}
    empty.clumio("PATCH", CONNECTION, body)

    def state() -> tuple[str, str]:
        connection = empty.clumio("GET", CONNECTION)
        return connection["connection_status"], connection["ingestion_status"]

    assert state() == ("connected", "in_progress")
    assert state() == ("connected", "completed")

    account.client("events").disable_rule(Name="ClumioCloudtrailEventRule")
    assert state() == ("unlinked", "failed")
    [shown] = empty.json("dump")["clumio"]["connections"]
    assert [finding.rpartition("/")[2] for finding in shown["findings"]] == [
        "ClumioCloudtrailEventRule is DISABLED, not ENABLED."
    ]

    account.client("events").enable_rule(Name="ClumioCloudtrailEventRule")
    assert state() == ("connected", "in_progress")
    # Clumio's own calls are not among those of the clients.
    assert empty.json("calls", "--json") == before


def test_an_account_without_restores_is_connected_removed_and_deleted(empty: Started) -> None:
    assets = {"asset_types_enabled": ["EBS", "S3"]}
    wanted = {"aws_account_id": "111122223333", "aws_region": "us-west-2", "show_manual_resources": True}
    template = assets | wanted | {"template_permission_set": "inventory_backup"}
    file = empty.clumio("POST", "/connections/aws/templates", template)["resources"]
    made = {
        "account_native_id": "111122223333",
        "aws_region": "us-west-2",
        "protect_asset_types_enabled": ["EBS", "S3"],
    }
    created = empty.clumio("POST", "/connections/aws", made)
    moto = json.loads((empty.directory / "state.json").read_text(encoding="utf-8"))["urls"]["aws"]
    restricted = {"token": created["token"], "id": "111122223333", "permission_set": "inventory_backup"}
    account = Account(moto, ["ebs", "s3"], **restricted)
    assert account.file == file
    empty.clumio("PATCH", CONNECTION, assets | {"resources": account.resources()})
    connected = empty.clumio("GET", CONNECTION)
    assert (connected["connection_status"], connected["template_permission_set"]) == ("connected", "inventory_backup")

    account.remove_everything()
    held = empty.json("dump")
    assert set(map(str, held["aws"].values())) == {"[]"}
    # Clumio has not looked again yet.
    assert [row["connection_status"] for row in held["clumio"]["connections"]] == ["connected"]
    assert empty.clumio("GET", CONNECTION)["connection_status"] == "unlinked"
    assert empty.clumio("DELETE", CONNECTION) == {}
    assert empty.json("dump")["clumio"] == {"connections": []}
