"""Bytes from outside: what becomes a picture and what is refused, before anything is decoded."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.capture.image_header import ImageFormat, ImageHeader, read_header
from app.capture.intake import MAX_FRAME_SIDE, MAX_IMAGE_BYTES, read_image, read_sample
from app.errors import InputError, TooLargeError, UnsupportedMediaError

FORMATS = {".jpg": ImageFormat.JPEG, ".png": ImageFormat.PNG, ".webp": ImageFormat.WEBP}


def picture(width: int = 320, height: int = 240) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 0] = 255
    return image


def encoded(suffix: str = ".jpg", width: int = 320, height: int = 240, quality: int = 90) -> bytes:
    bgr = cv2.cvtColor(picture(width, height), cv2.COLOR_RGB2BGR)
    flag = {".jpg": cv2.IMWRITE_JPEG_QUALITY, ".webp": cv2.IMWRITE_WEBP_QUALITY}.get(suffix)
    ok, data = cv2.imencode(suffix, bgr, [flag, quality] if flag is not None else [])
    assert ok
    return data.tobytes()


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + rows + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_picture_of_an_accepted_format_is_decoded_red_first(suffix: str) -> None:
    image = read_image(encoded(suffix))
    assert image.shape == (240, 320, 3)
    assert image.flags["C_CONTIGUOUS"]
    assert image[120, 40, 0] > 200
    assert image[120, 40, 2] < 60


@pytest.mark.parametrize(("suffix", "expected"), FORMATS.items())
def test_format_and_size_are_known_before_decoding(suffix: str, expected: ImageFormat) -> None:
    assert read_header(encoded(suffix, 321, 247)) == ImageHeader(expected, 321, 247)


def test_lossless_webp_tells_its_size() -> None:
    assert read_header(encoded(".webp", 321, 247, quality=101)) == ImageHeader(ImageFormat.WEBP, 321, 247)


def test_a_sample_carries_number_times_and_a_digest_of_the_bytes() -> None:
    data = encoded()
    sample = read_sample(data, number=7, client_ms=1.5, received_ms=2.5)
    again = read_sample(data, number=8, client_ms=1.6, received_ms=2.5)
    other = read_sample(encoded(quality=80), number=9, client_ms=1.7, received_ms=2.5)
    assert (sample.number, sample.client_ms, sample.received_ms) == (7, 1.5, 2.5)
    assert len(sample.digest) == 32
    assert sample.digest == again.digest != other.digest


def test_a_large_frame_is_reduced_and_a_large_photo_is_not() -> None:
    data = encoded(width=3000, height=2000)
    assert max(read_sample(data, number=0, client_ms=0, received_ms=0).image.shape) <= MAX_FRAME_SIDE
    assert read_image(data).shape == (2000, 3000, 3)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("width", [2000, 4000])
def test_a_reduced_frame_has_its_red_first_as_well(suffix: str, width: int) -> None:
    image = read_sample(encoded(suffix, width, 600), number=0, client_ms=0, received_ms=0).image
    assert image.shape[1] < width
    assert image.shape[2] == 3
    assert image[80, 40, 0] > 200
    assert image[80, 40, 2] < 60


@pytest.mark.parametrize(("width", "height"), [(4097, 300), (300, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_that_claims_to_be_huge_is_refused_unread(
    width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("a bomb was decoded"))
    with pytest.raises(TooLargeError, match=r"frame\[3\]"):
        read_sample(png_that_claims(width, height), number=0, client_ms=0, received_ms=0, field="frame[3]")


def test_a_picture_that_is_not_as_large_as_it_claims_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be decoded"):
        read_image(png_that_claims(4000, 4000))


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(TooLargeError, match="image"):
        read_image(encoded() + bytes(MAX_IMAGE_BYTES))


def test_a_tiny_picture_is_refused() -> None:
    with pytest.raises(InputError, match="at least 160 pixels"):
        read_image(encoded(width=159))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8\xff",
        b"BM" + bytes(99),
    ],
)
def test_anything_else_is_no_picture(data: bytes) -> None:
    with pytest.raises(UnsupportedMediaError):
        read_image(data)


def test_an_animation_is_no_picture() -> None:
    animated = b"RIFF" + struct.pack("<I", 40) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes([2]) + bytes(25)
    with pytest.raises(UnsupportedMediaError):
        read_image(animated)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_picture_that_was_cut_off_is_refused(suffix: str) -> None:
    data = encoded(suffix)
    with pytest.raises(InputError):
        read_image(data[: len(data) * 2 // 3])


def test_a_rotation_hint_in_the_file_is_ignored() -> None:
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    data = encoded()
    rotated = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    assert read_image(rotated).shape == (240, 320, 3)


@given(st.binary(max_size=64), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBP"]))
def test_no_bytes_break_the_header_reader(tail: bytes, magic: bytes) -> None:
    header = read_header(magic + tail)
    assert header is None or min(header.width, header.height) >= 0
