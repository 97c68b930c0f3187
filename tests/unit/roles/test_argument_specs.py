# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a role's argument specs, its defaults and its README say of its inputs is the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROLES = sorted((Path(__file__).parents[3] / "roles").iterdir())


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_specs_defaults_and_readme_agree(role):
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    options = {name: option for spec in specs.values() for name, option in spec["options"].items()}
    assert {name: option["default"] for name, option in options.items()} == defaults
    rows = re.findall(rf"^\| `({role.name}_\w+)` \| (\w+)", (role / "README.md").read_text(), re.MULTILINE)
    assert dict(rows) == {name: option["type"] for name, option in options.items()}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_input_is_used(role):
    tasks = "".join(path.read_text() for path in (role / "tasks").iterdir())
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    assert [name for name in defaults if not re.search(rf"\b{name}\b", tasks)] == []
