# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import os
import xml.etree.ElementTree as xml

import pytest

from mmser_ros.nodes.common.dds_profile import PROFILES, use_large_shared_memory


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch):
    for name in PROFILES:
        monkeypatch.setenv(name, "to be restored")
        monkeypatch.delenv(name)


def test_the_profile_holds_a_second_of_images():
    use_large_shared_memory()
    (file,) = {os.environ[name] for name in PROFILES}
    sizes = [int(one.text) for one in xml.parse(file).iter() if "segment" in one.tag]
    assert min(sizes) >= 30 * 640 * 480 * 3


@pytest.mark.parametrize("chosen", PROFILES)
def test_a_profile_of_the_user_stays(chosen, monkeypatch):
    monkeypatch.setenv(chosen, "/mine.xml")
    use_large_shared_memory()
    assert {name: os.environ[name] for name in PROFILES if name in os.environ} == {
        chosen: "/mine.xml"
    }
