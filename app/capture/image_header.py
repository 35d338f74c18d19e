"""Width and height out of the first bytes of a picture, before a decoder sees it."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class ImageFormat(StrEnum):
    """The formats that are accepted."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a picture says of itself."""

    format: ImageFormat
    width: int
    """Pixels."""
    height: int
    """Pixels."""


_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_MAGIC, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
# Start-of-frame markers with a size: baseline, extended, progressive (ITU-T T.81, table B.1). Lossless,
# hierarchical and arithmetic ones are not what cameras or browsers write.
_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_JPEG_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_SCAN, _JPEG_FINISH = 0xDA, 0xD9
# Some cameras pad the file after its end marker.
_JPEG_TAIL = 64
_WEBP_ANIMATION = 0x02


def read_header(data: bytes) -> ImageHeader | None:
    """Return format and size, or None when these are not the bytes of an accepted picture."""
    try:
        return _read(data)
    except (struct.error, IndexError):
        return None


def is_complete(data: bytes, header: ImageHeader) -> bool:
    """Tell whether the end of the picture has arrived; decoders paint what is missing in grey."""
    if header.format is ImageFormat.PNG:
        return _PNG_END in data[-_JPEG_TAIL:]
    if header.format is ImageFormat.WEBP:
        return int.from_bytes(data[4:8], "little") + 8 <= len(data)
    return _JPEG_END in data[-_JPEG_TAIL:]


def _read(data: bytes) -> ImageHeader | None:
    if data.startswith(_PNG_MAGIC) and data[12:16] == b"IHDR":
        return ImageHeader(ImageFormat.PNG, *struct.unpack_from(">II", data, 16))
    if data.startswith(_JPEG_MAGIC):
        return _read_jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _read_webp(data)
    return None


def _read_jpeg(data: bytes) -> ImageHeader | None:
    for marker, start in _jpeg_segments(data):
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, start + 3)
            return ImageHeader(ImageFormat.JPEG, width, height)
    return None


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield marker and position of each segment up to the first scan."""
    position = 2
    while data[position] == 0xFF:
        marker = data[position + 1]
        position += 1 if marker == 0xFF else 2
        if marker == 0xFF or marker in _JPEG_STANDALONE:
            continue
        if marker in (_JPEG_SCAN, _JPEG_FINISH):
            return
        yield marker, position
        position += max(2, struct.unpack_from(">H", data, position)[0])


def _read_webp(data: bytes) -> ImageHeader | None:
    kind = data[12:16]
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return ImageHeader(ImageFormat.WEBP, width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return ImageHeader(ImageFormat.WEBP, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X" and not data[20] & _WEBP_ANIMATION:
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return ImageHeader(ImageFormat.WEBP, width, height)
    return None
