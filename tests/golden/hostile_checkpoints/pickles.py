"""Hostile pickles: what could run something, wrong ones, claims of sizes that are not there, and tensors outside of their storages."""
import struct

from hostile import counts, number, refused_pickle, state, storage, tensor, text


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
