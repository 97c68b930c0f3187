# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The playbook itself, on the sandbox: what a file or Clumio's API says is never executed, wherever it passes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from urllib.request import ProxyHandler, Request, build_opener

import boto3
import pytest
from botocore.config import Config
from permissions_files import TOKEN, policy, trust_policy

from sandbox import processes
from sandbox.permissions import build

ACCOUNT, REGION = "111122223333", "us-west-2"
STRANGER = "666666666666"


@pytest.fixture
def sandbox(tmp_path):
    directory = tmp_path / "sandbox"
    options = processes.Options(account=ACCOUNT, region=REGION, latency=0, quotas={}, connect_delay=0, ingest_delay=0)
    yield processes.start(directory, options)
    processes.stop(directory)


@pytest.fixture
def marker(tmp_path):
    """What a template would make, if it were one."""
    return tmp_path / "executed"


@pytest.fixture
def texts(marker):
    """What Ansible, YAML, a shell or a browser would execute if they were asked to."""
    touch = f"touch {marker}"
    return [
        f"{{{{ lookup('pipe', '{touch}') }}}}",
        f"{{% set x = lookup('ansible.builtin.pipe', '{touch}') %}}{{{{ x }}}}",
        f"{{{{ query('pipe', '{touch}') }}}} {{{{ undefined_name }}}} {{{{ 1 / 0 }}}}",
        f'!unsafe \'{{{{ lookup("pipe", "{touch}") }}}}\'',
        f"!!python/object/apply:os.system ['{touch}']",
        f"$({touch}) `{touch}`; {touch} | ",
        "<script>alert(1)</script><img src=x onerror=alert(1)>'\"&amp;",
        "{{ }} {% %} {# #} {{ executionTimeout }} {% endraw %}",
    ]


@pytest.fixture
def run(marker, tmp_path):
    """Run the playbook with a file; the exit code, everything that was shown, the report and its page."""

    def run(file, environment, *options, **variables):
        directory = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        directory.mkdir()
        (directory / "file.json").write_text(json.dumps(file))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))}
        command = [sys.executable, "-m", "ansible", "playbook", "clumio.aws.onboard", "-i", "localhost,", "-vvv"]
        given = {"account": ACCOUNT, "region": REGION, "assets": "ebs", "permissions_file": "file.json"}
        given |= {"report_dir": "reports", "wait_timeout": 60} | variables
        done = subprocess.run(
            [*command, *options, "--diff", "-e", json.dumps(given)],
            env=kept | environment | {"ANSIBLE_LOCAL_TEMP": str(directory / "local")},
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        shown = done.stdout + done.stderr
        assert not marker.exists(), shown
        assert "\x1b[2J" not in shown
        (document,) = (directory / "reports").glob("*.json")
        return done.returncode, shown, json.loads(document.read_text()), document.with_suffix(".html").read_text()

    return run


class Page(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)


def harmless(html):
    """Nothing in the page is executed but its own script."""
    page = Page(html)
    tags = [tag for tag, _ in page.elements]
    assert tags.count("script") == 1
    assert "img" not in tags
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    return "".join(page.text)


def calls(sandbox):
    """The writing calls to AWS so far."""
    told = processes.http_json("GET", f"{sandbox.urls['proxy']}/_sandbox/calls")["calls"]
    return [call["action"] for call in told if call["kind"] == "write"]


def file_of(asset_type="ebs"):
    return build([asset_type], ACCOUNT, REGION, clumio_account="999988887777", data_plane_account="888877776666")


def client(sandbox, service):
    return boto3.client(
        service,
        endpoint_url=sandbox.urls["proxy"],
        region_name=REGION,
        aws_access_key_id=f"SANDBOX{ACCOUNT}",
        aws_secret_access_key="x",
        config=Config(proxies={}),
    )


@pytest.fixture
def full(texts):
    """A file that may be used, with such a text wherever text may stand."""
    file = file_of()
    file["rules"]["ClumioCloudtrailEventRule"]["description"] = texts[0]
    file["rules"]["ClumioCloudtrailEventRule"]["steps"] = texts
    file["rules"]["ClumioCloudwatchEventRule"]["event_pattern"] = {"source": ["aws.ec2"], "detail": {texts[0]: texts}}
    file["roles"]["ClumioIAMRole"]["description"] = texts[1]
    file["roles"]["ClumioIAMRole"]["managed_policies"][0]["description"] = texts[2]
    file["roles"]["ClumioIAMRole"]["inline_policies"].append(
        {
            "name": "ClumioTexts",
            "policy_document": policy(
                Action="s3:ListBucket", Resource="*", Condition={"StringEquals": {"aws:PrincipalTag/x": texts}}
            ),
        }
    )
    members = ["__proto__", "__class__", "a.b"]
    file["ssm_documents"]["Clumio-Texts-CLUMIOTOKEN"] = {
        "schemaVersion": "2.2",
        "description": texts[3],
        "parameters": {name: {"type": "String", "default": texts[0], "__unsafe": texts[1]} for name in members},
        "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": texts}}],
    }
    return file


def test_texts_pass_through_as_they_are(sandbox, run, full, texts):
    """Through the plan, the roles that make it, the validation, the diff, and the report; what Clumio says, too."""
    body = {"account_native_id": ACCOUNT, "aws_region": REGION, "description": texts[0]}
    send(sandbox, f"{sandbox.urls['clumio_api']}/connections/aws", body)
    for options in (["--check"], []):
        code, shown, report, html = run(full, sandbox.environment, *options)
        assert code == 0, shown[-3000:]
        assert report["connections"][0]["clumio"]["description"] == texts[0]
        assert report["connections"][0]["status"] == "ok"
        harmless(html)
        assert bool(calls(sandbox)) is not bool(options)

    iam, events, ssm = (client(sandbox, service) for service in ("iam", "events", "ssm"))
    assert iam.get_role(RoleName="ClumioIAMRole")["Role"]["Description"] == texts[1]
    inline = iam.get_role_policy(RoleName="ClumioIAMRole", PolicyName="ClumioTexts")["PolicyDocument"]
    assert inline["Statement"][0]["Condition"]["StringEquals"]["aws:PrincipalTag/x"] == texts
    assert events.describe_rule(Name="ClumioCloudtrailEventRule")["Description"] == texts[0]
    pattern = json.loads(events.describe_rule(Name="ClumioCloudwatchEventRule")["EventPattern"])
    assert pattern["detail"] == {texts[0]: texts}
    (name,) = [
        found["Name"]
        for found in ssm.list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])["DocumentIdentifiers"]
        if "Texts" in found["Name"]
    ]
    content = json.loads(ssm.get_document(Name=name, DocumentFormat="JSON")["Content"])
    assert content == full["ssm_documents"]["Clumio-Texts-CLUMIOTOKEN"]


def send(sandbox, url, body):
    """Register a connection, as another client of Clumio's would."""
    headers = {
        "Authorization": f"Bearer {sandbox.environment['CLUMIO_API_TOKEN']}",
        "Content-Type": "application/json",
        "Accept": "application/api.clumio.aws-connections=v1+json",
    }
    request = Request(url, json.dumps(body).encode(), headers, method="POST")
    build_opener(ProxyHandler({})).open(request).close()


def test_a_hostile_file_is_refused_before_anything_is_called(run, texts):
    """There is no AWS at all, so that any call of it would be told instead of what is wrong.

    The modules are processes of their own here, and run inside Ansible's worker in the other test.
    """
    file = file_of()
    file["roles"]["ClumioIAMRole"]["trust_policy"] = trust_policy(Principal={"AWS": f"arn:aws:iam::{STRANGER}:root"})
    file["rules"]["ClumioCloudtrailEventRule"]["targets"] = [f"arn:aws:sns:{REGION}:{STRANGER}:Mine"]
    for text in (*texts, "../../etc", "\x1b[2J\x1b]0;title\x07", "ClumioSupportROLE"):
        file["roles"][text] = {"trust_policy": trust_policy(), "description": text}
    for text in texts:
        file["policies"][text] = {"policy_document": policy(Action="*", Resource="*"), "description": text}
        file["ssm_documents"][text] = file["topics"][text] = {}
        file["ssm_documents"][text] = {"schemaVersion": "2.2", "mainSteps": [1]}
    nowhere = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "of-nobody",
        "AWS_SECRET_ACCESS_KEY": "of-nobody",
    }
    code, shown, report, html = run(
        file, nowhere, external_id=f"ExternalID_{TOKEN}", token=TOKEN, clumio_aws_in_worker=False
    )
    assert code != 0
    (told,) = report["connections"]
    assert told["status"] == "failed"
    about = [finding["about"] for finding in told["findings"]]
    for section in ("roles", "policies", "topics", "ssm_documents"):
        assert {f"{section}.{text}" for text in texts} <= set(about)
    messages = " ".join(finding["message"] for finding in told["findings"])
    for said in (
        STRANGER,
        "It reports to",
        "It allows every action on every resource",
        "More than one would be called",
    ):
        assert said in messages
        assert said in shown
    text = harmless(html)
    assert texts[6] in text
    assert r"\x1b[2J\x1b]0;title\x07" in text
