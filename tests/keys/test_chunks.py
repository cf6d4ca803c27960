"""The format of large sealed objects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirserver.keys import chunks
from fhirserver.keys.aead import NotAuthentic

KEY = bytes(range(32))
NAME = b"object"


@pytest.fixture(autouse=True, scope="module")
def _small_chunks():
    """Chunks of 8 bytes, so that few bytes are many chunks."""
    patch = pytest.MonkeyPatch()
    patch.setattr(chunks, "CHUNK_BYTES", 8)
    patch.setattr(chunks, "SEALED_BYTES", 8 + 16)
    yield
    patch.undo()


def sealed(data: bytes, *, key: bytes = KEY, name: bytes = NAME, piece: int = 7) -> bytes:
    pieces = [data[i : i + piece] for i in range(0, len(data), piece)]
    return b"".join(chunks.seal(key, name, pieces))


def opened(stored: bytes, *, key: bytes = KEY, name: bytes = NAME) -> chunks.SealedObject:
    return chunks.SealedObject(key, name, lambda at, n: stored[at : at + n], len(stored))


def everything(stored: bytes, **how: bytes) -> bytes:
    return b"".join(opened(stored, **how).read())


@given(st.binary(max_size=100), st.integers(1, 30))
def test_what_was_sealed_comes_back_however_it_was_cut(data, piece):
    stored = sealed(data, piece=piece)

    assert everything(stored) == data
    assert len(stored) == chunks.sealed_size(len(data))
    assert opened(stored).size == len(data)


@given(st.binary(max_size=100), st.integers(0, 110), st.integers(0, 110))
def test_any_range_is_the_slice(data, start, stop):
    assert b"".join(opened(sealed(data)).read(start, stop)) == data[start:stop]


@given(st.binary(max_size=60), st.data())
def test_any_flipped_bit_is_noticed(data, draw):
    stored = bytearray(sealed(data))
    stored[draw.draw(st.integers(0, len(stored) - 1))] ^= 1 << draw.draw(st.integers(0, 7))

    with pytest.raises(NotAuthentic):
        everything(bytes(stored))


@given(st.binary(max_size=60), st.data())
def test_any_cut_is_noticed_even_by_who_reads_only_the_beginning(data, draw):
    stored = sealed(data)
    cut = stored[: draw.draw(st.integers(0, len(stored) - 1))]

    with pytest.raises(NotAuthentic):
        list(opened(cut).read(0, 1))


@given(st.binary(min_size=20, max_size=60), st.data())
def test_any_two_chunks_exchanged_are_noticed(data, draw):
    stored = sealed(data)
    pieces = [stored[i : i + 24] for i in range(0, len(stored), 24)]
    places = st.integers(0, len(pieces) - 1)
    one, two = draw.draw(st.lists(places, min_size=2, max_size=2, unique=True))
    pieces[one], pieces[two] = pieces[two], pieces[one]

    with pytest.raises(NotAuthentic):
        everything(b"".join(pieces))


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_bytes_put_at_the_end_are_noticed(data, more):
    if more:
        with pytest.raises(NotAuthentic):
            everything(sealed(data) + more)


@given(st.binary(min_size=20, max_size=60))
def test_a_chunk_taken_out_or_doubled_is_noticed(data):
    stored = sealed(data)
    for changed in (stored[24:], stored[:24] + stored, stored[:24] + stored[48:]):
        with pytest.raises(NotAuthentic):
            everything(changed)


@given(st.binary(max_size=60))
def test_an_object_can_not_stand_in_for_another(data):
    with pytest.raises(NotAuthentic):
        everything(sealed(data), name=b"another")
    with pytest.raises(NotAuthentic):
        everything(sealed(data), key=bytes(32))


def test_equal_objects_do_not_look_equal():
    assert sealed(b"the same", key=b"1" * 32) != sealed(b"the same", key=b"2" * 32)
