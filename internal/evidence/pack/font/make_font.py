#!/usr/bin/env python3
"""Makes sans.ttf.gz from three static Noto fonts (README.md says which): make_font.py SC.ttf LATIN.ttf KR.ttf OUT.ttf.gz

Needs fontTools (4.38 made the committed file) and the Unihan files of the Debian package unicode-data.
"""
import bz2
import glob
import gzip
import io
import sys

from fontTools import subset
from fontTools.merge import Merger, Options as MergeOptions
from fontTools.ttLib import TTFont

UNIHAN = "/usr/share/unicode/Unihan_*.bz2"
BMP = 0x10000  # fpdf holds no more


def general_standard():
    """The 8,105 characters of the Table of General Standard Chinese Characters, as far as in the BMP."""
    found = set()
    for name in glob.glob(UNIHAN):
        with bz2.open(name, "rt", encoding="utf-8") as lines:
            found.update(int(line.split("\t")[0][2:], 16) for line in lines if "\tkTGH\t" in line and line.startswith("U+"))
    if len(found) != 8105:
        sys.exit(f"{UNIHAN}: expected 8105 characters with kTGH, got {len(found)}")
    return {c for c in found if c < BMP}


def of(codec, first, last):
    """The characters of the BMP that a two-byte codec writes between two bytes pairs."""
    def known(c):
        try:
            b = chr(c).encode(codec)
        except UnicodeEncodeError:
            return False
        return len(b) == 2 and first <= b <= last
    return {c for c in range(0xA0, BMP) if known(c)}


def cut(path, wanted):
    font = TTFont(path)
    options = subset.Options(hinting=False, layout_features=[], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True, glyph_names=False)
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "STAT", "vhea", "vmtx", "prep", "gasp", "DSIG", "kern"]
    s = subset.Subsetter(options)
    s.populate(unicodes=wanted & set(font.getBestCmap()))
    s.subset(font)
    out = io.BytesIO()
    font.save(out)
    out.seek(0)
    return out


def main(sc, latin, kr, target):
    symbols = {c for a, b in ((0x2000, 0x27BF), (0x3000, 0x33FF), (0xFE30, 0xFE4F), (0xFF01, 0xFFEF)) for c in range(a, b + 1)}
    han = general_standard() | of("gb2312", b"\xa1\xa1", b"\xf7\xfe") | of("big5", b"\xa4\x40", b"\xc6\x7e")  # Big5: its common level
    hangul = {c for c in of("euc_kr", b"\xb0\xa1", b"\xc8\xfe")}
    letters = set(range(0x20, 0x530)) | set(range(0x1E00, 0x2000))
    have = set(TTFont(sc).getBestCmap())
    base = {c for c in have if c < BMP} & (han | symbols | {c for c in range(0x20, 0x100)})
    rest = (letters | symbols) - base
    parts = [cut(sc, base), cut(latin, rest), cut(kr, hangul - base)]
    names = []
    for i, part in enumerate(parts):
        names.append(f"{target}.{i}.ttf")
        with open(names[-1], "wb") as f:
            f.write(part.read())
    font = Merger(MergeOptions(drop_tables=["GSUB", "GPOS", "GDEF"])).merge(names)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            record.string = "ParcelwardPackSans" if record.nameID in (3, 6) else "Parcelward Pack Sans"
    out = io.BytesIO()
    font.recalcTimestamp = False
    font["head"].created = font["head"].modified = 3786912000  # 2024-01-01, so that making it again gives the same bytes
    font.save(out)
    with open(target, "wb") as f, gzip.GzipFile(fileobj=f, mode="wb", compresslevel=9, filename="", mtime=0) as z:
        z.write(out.getvalue())
    print(f"{len(font.getBestCmap())} characters, {len(out.getvalue())} bytes, {len(open(target, 'rb').read())} compressed")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
