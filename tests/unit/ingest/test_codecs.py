"""What holds for every dialect in the folder, whoever added it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Unreadable
from domain.time import Ms
from ingest import codecs as codecs_module
from ingest.codecs import Codec, all_codecs, codec_of
from ingest.message import Decoded, Message
from ingest.reading import Receipt

NOW_MS = Ms(1_795_222_923_456)

_topic_part = st.text(st.characters(blacklist_characters="/+#\0", blacklist_categories=["Cs"]), max_size=12)


def topics(codec: Codec) -> Iterator[str]:
    """Topics that its filters let through."""
    for topic_filter in codec.filters:
        yield topic_filter.replace("+", "x").replace("#", "x/y")
        yield topic_filter.replace("+", "").replace("/#", "")


@pytest.mark.parametrize("codec", all_codecs(), ids=lambda codec: codec.name)
@given(payload=st.binary(max_size=200), part=_topic_part, retained=st.booleans())
def test_junk_raises_nothing_but_unreadable(codec: Codec, payload: bytes, part: str, retained: bool) -> None:
    for topic in (*topics(codec), *(f"{topic}/{part}" for topic in topics(codec))):
        try:
            said = codec.decode(Message(topic, payload, retained=retained), Receipt(NOW_MS))
        except Unreadable:
            continue
        assert isinstance(said, Decoded)


@pytest.mark.parametrize("codec", all_codecs(), ids=lambda codec: codec.name)
def test_its_name_and_filters_are_its_own(codec: Codec) -> None:
    assert codec.filters
    assert [other.name for other in all_codecs()].count(codec.name) == 1
    for topic in topics(codec):
        assert [other.name for other in all_codecs() if other.claims(topic)] in ([codec.name], [])


def test_topics_that_are_very_long_are_not_remembered() -> None:
    before = codecs_module._remembered.cache_info().currsize
    assert codec_of("doorstep/v1/" + "x" * 60_000).name == "native"
    assert codecs_module._remembered.cache_info().currsize == before
