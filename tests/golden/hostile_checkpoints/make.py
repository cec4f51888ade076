"""Hostile and damaged checkpoints, with the Python standard library alone: run `python make.py` in this folder.

files.jsonl  one object a line: name, the words that the refusal must hold, and the file's bytes: hex, with runs of one byte
             as [byte, length]

None of them is ever given to Python's pickle or torch.load: some would run commands there.
"""
import io
import json
import re
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


def code():
    """Whatever could run something."""
    command = text("touch /tmp/helip-was-here")
    callables = ["os system", "posix system", "nt system", "subprocess Popen", "subprocess check_output", "builtins eval",
                 "builtins exec", "__builtin__ eval", "__builtin__ exec", "builtins __import__", "builtins getattr",
                 "builtins open", "builtins compile", "importlib import_module", "runpy run_path", "pty spawn",
                 "socket socket", "shutil rmtree", "torch load", "torch.serialization load", "torch.jit load",
                 "torch.hub load", "torch._utils _rebuild_qtensor", "torch._utils _rebuild_tensor_v3",
                 "torch._tensor _rebuild_from_type_v2", "torch.utils.data DataLoader", "numpy load", "numpy fromfile",
                 "numpy.core.multiarray _reconstruct", "numpy.testing._private.utils runstring", "copyreg _reconstructor",
                 "copy_reg _reconstructor", "functools partial", "operator attrgetter", "operator methodcaller",
                 "types FunctionType", "types CodeType", "marshal loads", "pickle loads", "ctypes CDLL",
                 "collections defaultdict", "collections namedtuple", "bdb Bdb", "asyncio run", "webbrowser open",
                 "timeit timeit", "code InteractiveInterpreter", "pip main", "pydoc locate", "_codecs decode",
                 "argparse ArgumentParser", "torch FloatTensor", "torch.nn.modules.linear Linear", "torchvision ops",
                 "__main__ Model", "_torch_ M", "torch float8_e4m3fn"]
    for name in callables:
        module, attribute = name.split()
        full = f"global {module}.{attribute}"
        refused_pickle(f"GLOBAL {name}", full, state(f"c{module}\n{attribute}\n".encode() + b"(" + command + b"tR"))
    for name in ["os system", "builtins eval", "subprocess call", "torch load", "numpy load", "functools partial"]:
        module, attribute = name.split()
        short = b"".join(b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, attribute))
        full = f"global {module}.{attribute}"
        refused_pickle(f"STACK_GLOBAL {name}", full, b"\x80\x04" + short + b"\x93" + command + b"\x85R.")
        refused_pickle(f"STACK_GLOBAL memoized {name}", full,
                       b"\x80\x04\x8c" + bytes([len(attribute)]) + attribute.encode() + b"\x940\x8c" + bytes([len(module)])
                       + module.encode() + b"h\x00\x93)\x81.")
    refused_pickle("STACK_GLOBAL dotted name", "collections.OrderedDict.__init__",
                   b"\x80\x04" + text("collections") + text("OrderedDict.__init__") + b"\x93)R.")
    refused_pickle("STACK_GLOBAL of numbers", "another kind", b"\x80\x04K\x01K\x02\x93.")
    refused_pickle("GLOBAL with a space", "global os\\x00.system", b"\x80\x02cos\x00\nsystem\n.")
    refused_pickle("GLOBAL not UTF-8", "global", b"\x80\x02c\xff\xfe\nx\n.")
    refused_pickle("GLOBAL cut off", "cut off", b"\x80\x02cos")
    refused_pickle("GLOBAL cut off after module", "cut off", b"\x80\x02cos\nsys")
    opcodes = {"INST": b"(" + command + b"ios\nsystem\n.", "OBJ": b"(cos\nsystem\n" + command + b"o.",
               "PERSID": b"Pstorage\n.", "EXT1": b"\x82\x01.", "EXT2": b"\x83\x01\x00.", "EXT4": b"\x84\x01\x00\x00\x00.",
               "NEWOBJ_EX": b"ccollections\nOrderedDict\n)}\x92.", "DUP": b"K\x012.", "INT": b"I1\n.", "LONG": b"L1L\n.",
               "FLOAT": b"F1.5\n.", "STRING": b"S'a'\n.", "UNICODE": b"Va\n.", "DICT": b"(d.", "LIST": b"(l.",
               "GET": b"g0\n.", "PUT": b"}p0\n.", "BYTEARRAY8": b"\x96" + struct.pack("<Q", 1) + b"x.",
               "NEXT_BUFFER": b"\x97.", "READONLY_BUFFER": b"\x98."}
    for name, pickle in opcodes.items():
        words = "global os.system" if name == "OBJ" else f"opcode {name}"
        refused_pickle(f"opcode {name}", words, b"\x80\x02" + pickle)
    for byte in (0x00, 0x0A, 0x20, 0x7F, 0x99, 0xFE, 0xFF):
        refused_pickle(f"opcode 0x{byte:02x}", f"opcode 0x{byte:02x}", b"\x80\x02" + bytes([byte]) + b".")


def wrong_pickles():
    for protocol in (0, 1, 6, 255):
        refused_pickle(f"protocol {protocol}", "another protocol", bytes([0x80, protocol]) + b"}.")
    refused_pickle("empty pickle", "cut off", b"")
    refused_pickle("no STOP", "cut off", b"\x80\x02}")
    refused_pickle("STOP alone", "stack is empty", b"\x80\x02.")
    refused_pickle("root is a number", "no checkpoint", b"\x80\x02K\x01.")
    refused_pickle("root is a list", "no checkpoint", b"\x80\x02].")
    refused_pickle("root is a tensor", "no checkpoint", b"\x80\x02" + tensor() + b".")
    refused_pickle("root is a Namespace", "no checkpoint", b"\x80\x02cargparse\nNamespace\n)\x81.")
    refused_pickle("empty state_dict", "no tensor", b"\x80\x02}.")
    refused_pickle("state_dict is no dict", "is no dict", state(b"K\x01", text("state_dict")))
    refused_pickle("a number among the tensors", "something else than tensors", state(b"K\x01"))
    refused_pickle("tensors under another key", "found tensors under 'model', as 'w', and 'epoch'",
                   b"\x80\x02}(" + text("epoch") + b"K\x01" + text("model") + b"}(" + text("w") + tensor() + b"uu.")
    refused_pickle("1,000 keys without tensors", "'" + "x" * 32 + "…', 'n1'", b"\x80\x02}(" + text("x" * 500) + b"N" +
                   b"".join(text(f"n{i}") + b"N" for i in range(1, 1000)) + b"u.")
    refused_pickle("a class among the tensors", "something else than tensors", state(b"ctorch\nFloatStorage\n"))
    refused_pickle("a storage among the tensors", "something else than tensors", state(storage()))
    refused_pickle("a key that is a number", "key that is no text", state(tensor(), b"K\x01"))
    refused_pickle("a key that is a list", "key that is no text", state(tensor(), b"]"))
    refused_pickle("one name twice", "one name", b"\x80\x02}(" + (text("w") + tensor()) * 2 + b"u.")
    refused_pickle("one name twice after unwrapping", "one name",
                   b"\x80\x02}(" + text("module.w") + tensor() + text("w") + tensor() + b"u.")
    for name, pickle in {
            "POP": b"0.", "POP_MARK": b"1.", "TUPLE": b"t.", "TUPLE1": b"\x85.", "TUPLE2": b"K\x01\x86.",
            "TUPLE3": b"K\x01K\x01\x87.", "APPEND": b"K\x01a.", "APPENDS": b"(e.", "SETITEM": b"K\x01s.",
            "SETITEMS": b"(u.", "ADDITEMS": b"(\x90.", "BUILD": b"}b.", "REDUCE": b")R.", "NEWOBJ": b")\x81.",
            "BINPERSID": b"Q.", "BINPUT": b"q\x00.", "MEMOIZE": b"\x94.", "STACK_GLOBAL": b"\x93.",
            "FROZENSET": b"\x91."}.items():
        words = "it has no mark" if name in ("POP_MARK", "TUPLE", "FROZENSET") else "stack is empty"
        refused_pickle(f"{name} without anything", words, b"\x80\x02" + pickle)
    refused_pickle("POP over a mark", "stack is empty", b"\x80\x02K\x01(0.")
    refused_pickle("STOP over a mark", "stack is empty", b"\x80\x02}(.")
    refused_pickle("APPEND to a dict", "another kind", b"\x80\x02}K\x01a.")
    refused_pickle("APPEND to a tuple", "another kind", b"\x80\x02)K\x01a.")
    refused_pickle("ADDITEMS to a list", "another kind", b"\x80\x02](K\x01\x90.")
    refused_pickle("SETITEM in a list", "another kind", b"\x80\x02]K\x01K\x01s.")
    refused_pickle("odd SETITEMS", "without a value", b"\x80\x02}(K\x01u.")
    refused_pickle("BUILD on a list", "gives attributes", b"\x80\x02]}b.")
    refused_pickle("BUILD on a tensor", "gives attributes", b"\x80\x02" + tensor() + b"}b.")
    refused_pickle("REDUCE of a number", "another kind", b"\x80\x02K\x01)R.")
    refused_pickle("REDUCE of text", "another kind", b"\x80\x02" + text("os.system") + b")R.")
    refused_pickle("REDUCE with a list of arguments that is a dict", "another kind",
                   b"\x80\x02ccollections\nOrderedDict\n}R.")
    refused_pickle("OrderedDict with arguments", "has arguments", b"\x80\x02ccollections\nOrderedDict\nK\x01\x85R.")
    refused_pickle("torch.Size without arguments", "too few arguments", b"\x80\x02ctorch\nSize\n)R.")
    refused_pickle("torch.Size of a number", "another kind", b"\x80\x02ctorch\nSize\nK\x01\x85R.")
    refused_pickle("a parameter of text", "another kind",
                   b"\x80\x02ctorch._utils\n_rebuild_parameter\n" + text("x") + b"\x88)\x87R.")
    refused_pickle("a storage class called", "no function", b"\x80\x02ctorch\nFloatStorage\n)R.")
    refused_pickle("a dtype called", "no function", b"\x80\x02ctorch\nfloat32\n)R.")
    refused_pickle("BINGET of nothing", "not stored", b"\x80\x02h\x05.")
    refused_pickle("LONG_BINGET of nothing", "not stored", b"\x80\x02j\xff\xff\xff\xff.")
    refused_pickle("text that is not UTF-8", "not UTF-8", b"\x80\x02X\x02\x00\x00\x00\xff\xfe.")


def sizes():
    """Claims that the file does not hold."""
    for name, head in {"LONG1": b"\x8a\xff", "LONG4": b"\x8b\xff\xff\xff\x7f", "LONG4 negative": b"\x8b\xff\xff\xff\xff",
                       "BINUNICODE": b"X\xff\xff\xff\xff", "SHORT_BINUNICODE": b"\x8c\xff",
                       "BINUNICODE8": b"\x8d" + b"\xff" * 8, "BINUNICODE8 2**40": b"\x8d" + struct.pack("<Q", 2**40),
                       "BINBYTES": b"B\xff\xff\xff\x7f", "SHORT_BINBYTES": b"C\xff", "BINBYTES8": b"\x8e" + b"\xff" * 8,
                       "BINSTRING": b"T\xff\xff\xff\x7f", "SHORT_BINSTRING": b"U\xff", "FRAME": b"\x95" + b"\xff" * 8,
                       "BININT": b"J\x01", "BINFLOAT": b"G\x01", "BINPUT": b"}q", "LONG_BINPUT": b"}r\x01"}.items():
        refused_pickle(f"{name} that claims too much", "cut off or claims too much", b"\x80\x04" + head)
    refused_pickle("two million lists", "too long", b"\x80\x02" + b"]" * 1_100_000 + b".", records={})
    refused_pickle("a million marks", "too long", b"\x80\x02" + b"(" * 1_100_000 + b".", records={})
    refused_pickle("a million memos", "too long", b"\x80\x04}" + b"\x94" * 1_100_000 + b".", records={})
    deep = b"\x80\x02" + b"]" * 20_000 + b"a" * 19_999 + b"."
    refused_pickle("lists 20,000 deep", "no checkpoint", deep)
    refused_pickle("a dict in itself", "something else than tensors", b"\x80\x02}q\x00" + text("w") + b"h\x00s.")
    refused_pickle("a list in itself", "something else than tensors", state(b"]q\x01h\x01a"))
    bomb = b"\x80\x02]q\x00" + b"".join(b"](h" + bytes([i]) + b"h" + bytes([i]) + b"eq" + bytes([i + 1]) for i in range(60))
    refused_pickle("memo bomb of 2**60 items", "no checkpoint", bomb + b".")
    module = b"c__torch__\nM\n)\x81}("
    nodes = b"\x80\x02" + module + b"ubq\x00"
    for i in range(1, 40):
        nodes += module + text("a") + b"h" + bytes([i - 1]) + text("b") + b"h" + bytes([i - 1]) + b"ubq" + bytes([i])
    refused_pickle("TorchScript bomb of 2**39 modules", "too many attributes", nodes + b".")
    idle = b"\x80\x02" + module + text("x") + b"q\x00" + b"N" + b"h\x00N" * 299 + b"ubq\x00"
    for i in range(1, 9):
        idle += module + b"".join(text(name) + b"h" + bytes([i - 1]) for name in "abc") + b"ubq" + bytes([i])
    refused_pickle("TorchScript modules of 3**8 * 300 attributes", "too many attributes", idle + b".")
    chain = b"\x80\x02" + module + b"ubq\x00"
    for i in range(1, 100):
        chain += module + text("a") + b"h" + bytes([i - 1]) + b"ubq" + bytes([i])
    refused_pickle("TorchScript modules 100 deep", "nested too deep", chain + b".")
    refused_pickle("a TorchScript module in itself", "nested too deep",
                   b"\x80\x02c__torch__\nM\n)\x81q\x00}(" + text("a") + b"h\x00ub.")
    fan = module + text("w") + tensor() + b"ubq\x00"
    for i in range(1, 16):
        fan += module + text("a") + b"h" + bytes([i - 1]) + text("b") + b"h" + bytes([i - 1]) + b"ubq" + bytes([i])
    refused_pickle("TorchScript bomb of 2**15 tensors", "too many tensors", b"\x80\x02" + fan + b".")
    long = text("a" * 200_000)
    refused_pickle("TorchScript module with a long name in a module with one", "name is too long",
                   b"\x80\x02" + long + b"q\x000" + module + b"ubq\x01" + module + b"h\x00h\x01ub.")
    refused_pickle("a class with a long name 10,000 times", "no checkpoint",
                   b"\x80\x04](" + text("__torch__." + "a" * 200_000) + b"q\x00" + text("M") + b"q\x01\x93"
                   + b"h\x00h\x01\x93" * 10_000 + b"e.")
    refused_pickle("args with a long text in 10,000 fields", "args are too large",
                   b"\x80\x02}(" + text("args") + b"}(" + text("x") + long + b"q\x00"
                   + b"".join(text(str(i)) + b"h\x00" for i in range(10_000)) + b"u"
                   + text("state_dict") + b"}" + text("w") + tensor() + b"su.")
    refused_pickle("a tensor's name of 200,000 bytes", "name is too long", state(tensor(), long))
    refused_pickle("TorchScript module with a numbered attribute", "without a name",
                   b"\x80\x02" + module + b"K\x01" + tensor() + b"ub.")


def tensors():
    for name, words, value in [
            ("negative shape", "is negative", tensor(shape=(-4,))),
            ("negative stride", "is negative", tensor(strides=(-1,))),
            ("negative offset", "is negative", tensor(offset=-1)),
            ("negative storage", "is negative", tensor(of=storage(elements=-4))),
            ("shape beyond the storage", "reaches outside", tensor(shape=(5,))),
            ("offset beyond the storage", "reaches outside", tensor(offset=1)),
            ("offset of 2**62", "reaches outside", tensor(offset=2**62)),
            ("offset of 2**63 - 1", "reaches outside", tensor(offset=2**63 - 1)),
            ("stride beyond the storage", "reaches outside", tensor(shape=(2, 2), strides=(3, 1))),
            ("stride of 2**62", "reaches outside", tensor(shape=(4, 1), strides=(2**62, 1))),
            ("stride that overflows", "reaches outside", tensor(shape=(5, 1), strides=(2**62, 1))),
            ("strides that overflow in sum", "reaches outside", tensor(shape=(2, 2, 2), strides=(2**62, 2**62, 2**62))),
            ("shape that overflows", "absurd shape", tensor(shape=(2**32, 2**32, 2**32), strides=(0, 0, 0))),
            ("shape that overflows in bytes", "absurd shape", tensor(shape=(2**62, 2), strides=(0, 0))),
            ("expanded to 4 TB", "larger than its file", tensor(shape=(2**40,), strides=(0,))),
            ("expanded to 2**61 elements", "larger than its file", tensor(shape=(2**61,), strides=(0,))),
            ("expanded in two dimensions", "larger than its file", tensor(shape=(2**20, 2**20), strides=(0, 0))),
            ("100 dimensions", "too many dimensions", tensor(shape=(1,) * 100, strides=(1,) * 100)),
            ("shape without strides", "differ in length", tensor(strides=())),
            ("shape of text", "another kind", tensor().replace(counts((4,)), text("4"), 1)),
            ("shape of floats", "another kind", tensor().replace(counts((4,)), b"(G\0\0\0\0\0\0\0\0t", 1)),
            ("offset of text", "another kind", tensor().replace(number(0), text("0"), 1)),
            ("tensor without arguments", "too few arguments", b"ctorch._utils\n_rebuild_tensor_v2\n)R"),
            ("tensor of text", "another kind", tensor(of=text("storage"))),
            ("tensor of a class", "another kind", tensor(of=b"ctorch\nFloatStorage\n")),
            ("storage without a record", "no such entry", tensor(of=storage(key="1"))),
            ("storage outside of the folder", "no such entry", tensor(of=storage(key="../../../../etc/passwd"))),
            ("storage with an absolute name", "no such entry", tensor(of=storage(key="/etc/passwd"))),
            ("storage larger than its record", "another size", tensor(of=storage(elements=5))),
            ("storage smaller than its record", "another size", tensor(shape=(3,), of=storage(elements=3))),
            ("storage of 2**62 elements", "another size", tensor(of=storage(elements=2**62))),
            ("storage of 2**62 doubles", "another size", tensor(of=storage("DoubleStorage", elements=2**62))),
            ("storage of another width", "another size", tensor(of=storage("DoubleStorage"))),
            ("storage of a narrower dtype", "another size", tensor(of=storage("HalfStorage"))),
            ("storage without a dtype", "without dtype", tensor(of=storage("UntypedStorage", module="torch.storage"))),
            ("storage of an OrderedDict", "no storage class", tensor(of=storage("OrderedDict", module="collections"))),
            ("storage of a dtype", "no storage class", tensor(of=storage("float32"))),
            ("storage of complex numbers", "global torch.ComplexFloatStorage", tensor(of=storage("ComplexFloatStorage"))),
            ("storage of quantized numbers", "global torch.QInt8Storage", tensor(of=storage("QInt8Storage"))),
            ("persistent id of two items", "no storage", tensor(of=b"(" + text("storage") + text("0") + b"tQ")),
            ("persistent id of seven items", "no storage", tensor(of=b"(" + text("storage") * 7 + b"tQ")),
            ("persistent id of another kind", "no storage",
             tensor(of=storage().replace(text("storage"), text("module"), 1))),
            ("persistent id that is text", "another kind", tensor(of=text("storage") + b"Q")),
            ("persistent id with a numbered record", "another kind", tensor(of=storage().replace(text("0"), number(0), 1))),
    ]:
        refused_pickle(f"tensor: {name}", words, state(value))


# --- zip containers ---

def replaced(content, at, value):
    return content[:at] + value + content[at + len(value):]


def containers():
    good = archive(state(tensor()))
    end = good.rindex(b"PK\x05\x06")
    directory = struct.unpack("<I", good[end + 16:end + 20])[0]
    headers = [directory]
    while headers[-1] < end:
        lengths = struct.unpack("<HHH", good[headers[-1] + 28:headers[-1] + 34])
        headers.append(headers[-1] + 46 + sum(lengths))
    headers.pop()
    pickle_header, data_header, version_header = headers
    local = struct.unpack("<I", good[data_header + 42:data_header + 46])[0]

    hostile("zip: empty file", "found an empty file", b"")
    hostile("zip: four bytes", "no end record", good[:4])
    hostile("zip: text", "found a pointer of Git LFS", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    hostile("zip: a web page", "found a page of HTML", b"<!DOCTYPE html><html><body>Not found</body></html>")
    for length in (30, 60, len(good) // 4, len(good) // 2, directory, directory + 20, end, end + 10, len(good) - 1):
        hostile(f"zip: cut to {length} bytes", "no end record", good[:length])
    hostile("zip: a byte after the end", "no end record", good + b"x")
    hostile("zip: wrong CRC of data", "CRC-32", replaced(good, data_header + 16, b"\0\0\0\0"))
    hostile("zip: wrong CRC of the pickle", "CRC-32", replaced(good, pickle_header + 16, b"\0\0\0\0"))
    hostile("zip: flipped data", "CRC-32", replaced(good, good.index(DATA), b"\xff"))
    hostile("zip: flipped pickle", "CRC-32", replaced(good, good.index(b"_rebuild"), b"X"))
    for name, at, value, words in [
            ("directory offset beyond the file", end + 16, b"\xf0\xff\xff\xff", "directory lies outside"),
            ("directory offset of the end record", end + 16, struct.pack("<I", end), "lies outside"),
            ("directory offset too small", end + 16, struct.pack("<I", directory - 1), "fewer entries"),
            ("directory size beyond the file", end + 12, b"\xff\xff\xff\x7f", "directory lies outside"),
            ("directory size too small", end + 12, struct.pack("<I", 50), "more entries than"),
            ("more entries than there are", end + 10, struct.pack("<H", 4), "more entries than"),
            ("65,535 entries", end + 10, b"\xff\xff", "more entries than"),
            ("fewer entries than there are", end + 10, struct.pack("<H", 2), "more entries than it says"),
            ("no entry", end + 10, struct.pack("<H", 0), "more entries than it says"),
            ("a signature in the directory", data_header, b"PK\x01\x03", "fewer entries"),
            ("name longer than the directory", version_header + 28, b"\xff\xff", "cut off"),
            ("extra longer than the directory", version_header + 30, b"\xff\xff", "cut off"),
            ("comment longer than the directory", version_header + 32, b"\xff\xff", "cut off"),
            ("entry points outside", data_header + 42, b"\xf0\xff\xff\xff", "lies outside"),
            ("entry points into the directory", data_header + 42, struct.pack("<I", directory), "not where"),
            ("entry points at another", data_header + 42, struct.pack("<I", 0), "not where"),
            ("entry of 4 GB", data_header + 20, b"\xfe\xff\xff\xff" * 2, "lies outside"),
            ("entry into the directory", data_header + 20, struct.pack("<I", directory - local) * 2, "lies outside"),
            ("entry of two sizes", data_header + 24, struct.pack("<I", 1 << 20), "two sizes"),
            ("entry of zip64 size without the field", data_header + 20, b"\xff\xff\xff\xff" * 2, "lies outside"),
            ("entry one byte short", data_header + 20, struct.pack("<I", 15) * 2, "CRC-32"),
            ("encrypted entry", data_header + 8, b"\x01\x00", "compressed or encrypted"),
            ("encrypted pickle", pickle_header + 8, b"\x01\x00", "compressed or encrypted"),
            ("another method in the directory", data_header + 10, b"\x08\x00", "not where"),
            ("local name differs", local + 30, b"X", "not where"),
            ("local name longer", local + 26, b"\xff\xff", "lies outside"),
            ("local extra longer", local + 28, b"\xff\xff", "lies outside"),
            ("local signature", local, b"PK\x03\x05", "not where"),
            ("local method differs", local + 8, b"\x08\x00", "not where"),
    ]:
        hostile(f"zip: {name}", words, replaced(good, at, value))
    locator = struct.pack("<IIQI", 0x07064B50, 0, 2**62, 1)
    hostile("zip: zip64 end record outside", "lies outside", good[:end] + locator + good[end:])
    hostile("zip: zip64 end record elsewhere", "no zip64 end record",
            good[:end] + struct.pack("<IIQI", 0x07064B50, 0, 0, 1) + good[end:])
    for name, count, size, offset, words in [
            ("2**60 entries", 2**60, end - directory, directory, "more entries than"),
            ("size of 2**63", 3, 2**63, directory, "directory lies outside"),
            ("offset of 2**64 - 1", 3, end - directory, 2**64 - 1, "directory lies outside")]:
        record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, offset)
        hostile(f"zip: zip64 {name}", words,
                good[:end] + record + struct.pack("<IIQI", 0x07064B50, 0, end, 1) + good[end:])
    hostile("zip: duplicate names", "there twice", archive(state(tensor()), more=[("archive/data/0", DATA)]))
    hostile("zip: two archives", "two archives", archive(state(tensor()), more=[("other/data.pkl", b"\x80\x02}.")]))
    hostile("zip: no data.pkl", "without data.pkl", archive(b"").replace(b"data.pkl", b"data.pkm"))
    hostile("zip: no folder", "without data.pkl", archive(b"", folder="").replace(b"/data.pkl", b"Xdata.pkl"))
    hostile("zip: compressed", "compressed or encrypted", archive(state(tensor()), method=zipfile.ZIP_DEFLATED))
    hostile("zip: compressed by LZMA", "compressed or encrypted", archive(state(tensor()), method=zipfile.ZIP_LZMA))
    hostile("zip: compression bomb of 20 MB", "compressed or encrypted",
            archive(b"\x80\x02" + b"]" * 20_000_000, method=zipfile.ZIP_DEFLATED, records={}))
    hostile("zip: big-endian", "byte order", archive(state(tensor()), more=[("archive/byteorder", b"big")]))
    hostile("zip: byte order unknown", "byte order", archive(state(tensor()), more=[("archive/byteorder", b"")]))


def safetensors():
    def file(header, data=DATA):
        raw = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack("<Q", len(raw)) + raw + data

    def entry(dtype="F32", shape=(4,), offsets=(0, 16)):
        return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}

    for name, words, content in [
            ("header length of 2**63", "not a safetensors file", b"\0" * 7 + b"\x80{}"),
            ("header longer than the file", "not a safetensors file", struct.pack("<Q", 100) + b"{}"),
            ("header of 17 MiB", "not a safetensors file", struct.pack("<Q", 17 << 20) + b"{}"),
            ("header cut off", "not a safetensors file", file({"w": entry()})[:40]),
            ("data cut off", "outside the file", file({"w": entry()})[:-1]),
            ("data too long", "does not end", file({"w": entry()}) + b"x"),
            ("not JSON", "not JSON", file(b"{'w': 1}")),
            ("JSON nested 100,000 deep", "nested too deep", file(b'{"w":' + b"[" * 100_000 + b"]" * 100_000 + b"}")),
            ("JSON list", "not a JSON object", file([])),
            ("no tensor", "no tensor", file({}, b"")),
            ("entry without dtype", "malformed", file({"w": {"shape": [4], "data_offsets": [0, 16]}})),
            ("dtype of a number", "malformed", file({"w": {**entry(), "dtype": 1}})),
            ("unknown dtype", "unknown dtype", file({"w": entry("F4")})),
            ("negative shape", "not whole numbers", file({"w": entry(shape=(-4,))})),
            ("fractional shape", "not whole numbers", file({"w": entry(shape=(4.5,))})),
            ("absurd shape", "absurd shape", file({"w": entry(shape=(2**40, 2**40))})),
            ("shape of another size", "do not fit", file({"w": entry(shape=(3,))})),
            ("one offset", "no pair", file({"w": entry(offsets=(0,))})),
            ("offsets backwards", "outside the file", file({"w": entry(offsets=(16, 0))})),
            ("offsets outside", "outside the file", file({"w": entry(offsets=(0, 2**40))})),
            ("offsets overlap", "overlaps", file({"a": entry(), "b": entry()})),
            ("a gap", "gap", file({"w": entry("U8", (8,), (8, 16))})),
            ("metadata of numbers", "not text", file({"__metadata__": {"a": 1}, "w": entry()})),
            ("a tensor twice", "twice", file(json.dumps({"w": entry(), "v": entry()}).replace('"v"', '"w"').encode())),
            ("one name after unwrapping", "one name",
             file({"w": entry("U8", (8,), (0, 8)), "module.w": entry("U8", (8,), (8, 16))})),
    ]:
        hostile(f"safetensors: {name}", words, content)


def runs(content):
    parts = []
    at = 0
    for run in re.finditer(rb"(.)\1{99,}", content, re.DOTALL):
        parts += [content[at:run.start()].hex(), [run.group(1)[0], len(run.group())]]
        at = run.end()
    return parts + [content[at:].hex()]


def main():
    for group in (code, wrong_pickles, sizes, tensors, containers, safetensors):
        group()
    assert zipfile.ZipFile(io.BytesIO(archive(state(tensor())))).testzip() is None
    with open("files.jsonl", "w") as out:
        for name, (words, content) in files.items():
            line = {"name": name, "words": words, "content": runs(content)}
            out.write(json.dumps(line) + "\n")
    print(len(files), "files")


if __name__ == "__main__":
    main()
