# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The version of a collection, however it was installed."""

from __future__ import annotations

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._report.versions import of_collection


@pytest.mark.parametrize(
    ("file", "content", "version"),
    [
        ("MANIFEST.json", '{"collection_info": {"version": "1.2.3"}}', "1.2.3"),
        ("galaxy.yml", "name: aws\nversion: 0.1.0\n", "0.1.0"),
        ("galaxy.yml", 'version: "2.0.0-beta.1"  # soon\n', "2.0.0-beta.1"),
        ("galaxy.yml", "name: aws\n", "unknown"),
        ("README.md", "version: 1", "unknown"),
    ],
)
def test_the_version_is_read_from_what_there_is(tmp_path, file, content, version):
    (tmp_path / file).write_text(content)
    assert of_collection(tmp_path) == version
