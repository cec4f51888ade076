"""What hostile checkpoints are made of: pickles by their opcodes, archives around them, and the list of all files."""
import io
import struct
import zipfile

DATA = bytes(range(16))  # four float32
files = {}


def hostile(name, words, content):
    assert name not in files, name
    files[name] = (words, bytes(content))


# --- pickles ---

def text(value):
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value):
    return b"J" + struct.pack("<i", value) if -(2**31) <= value < 2**31 else b"\x8a\x08" + struct.pack("<q", value)


def counts(values):
    return b"(" + b"".join(map(number, values)) + b"t"


def storage(kind="FloatStorage", key="0", elements=4, module="torch"):
    return b"(" + text("storage") + f"c{module}\n{kind}\n".encode() + text(key) + text("cpu") + number(elements) + b"tQ"


def tensor(shape=(4,), strides=(1,), offset=0, of=None, tail=b"\x89ccollections\nOrderedDict\n)R"):
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + (storage() if of is None else of) + number(offset) + counts(shape)
            + counts(strides) + tail + b"tR")


def state(value, key=None):
    return b"\x80\x02}(" + (text("w") if key is None else key) + value + b"u."


# --- archives ---

def archive(pickle, records=None, folder="archive", method=zipfile.ZIP_STORED, more=()):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        def add(name, content):
            target.writestr(zipfile.ZipInfo(f"{folder}/{name}"), content, method)
        add("data.pkl", pickle)
        for name, content in ({"data/0": DATA} if records is None else records).items():
            add(name, content)
        add("version", b"3\n")
        for name, content in more:
            target.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def refused_pickle(name, words, pickle, **options):
    hostile(name, words, archive(pickle, **options))
