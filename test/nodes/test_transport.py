# Copyright 2026 the mmser_ros contributors
# SPDX-License-Identifier: Apache-2.0
import os
import xml.etree.ElementTree as xml

from mmser_ros.nodes.transport import PROFILE, use_large_shared_memory


def test_the_profile_holds_a_second_of_images(monkeypatch):
    monkeypatch.delenv(PROFILE, raising=False)
    use_large_shared_memory()
    sizes = [int(one.text) for one in xml.parse(os.environ[PROFILE]).iter() if "segment" in one.tag]
    assert min(sizes) >= 30 * 640 * 480 * 3


def test_a_profile_of_the_user_stays(monkeypatch):
    monkeypatch.setenv(PROFILE, "/mine.xml")
    use_large_shared_memory()
    assert os.environ[PROFILE] == "/mine.xml"
    monkeypatch.delenv(PROFILE)
    monkeypatch.setenv("FASTDDS_DEFAULT_PROFILES_FILE", "/mine.xml")
    use_large_shared_memory()
    assert PROFILE not in os.environ
