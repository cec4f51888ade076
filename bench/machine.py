"""The machine that a benchmark ran on, and the processor's units that it used."""
import pathlib
import platform
import re

# Units that the benchmarks may use: /proc/cpuinfo's flag, and how tables call it. The widest is the last.
UNITS = (("avx2", "AVX2"), ("avx512f", "AVX-512"), ("avx512_vnni", "AVX-512 VNNI"), ("avx512_bf16", "AVX-512 BF16"),
         ("avx512_fp16", "AVX-512 FP16"), ("amx_int8", "AMX int8"), ("amx_bf16", "AMX bf16"))


def cpu(cpuinfo=None):
    """The first processor in one line: name, vendor, family, model, stepping, and the units that it has."""
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8") if cpuinfo is None else cpuinfo
    found = {}
    for line in text.split("\n\n", 1)[0].splitlines():
        key, _, value = line.partition(":")
        found[key.strip()] = value.strip()
    if "vendor_id" not in found:  # not an x86 processor
        return platform.processor() or platform.machine()
    flags = set(found.get("flags", "").split())
    units = [name for flag, name in UNITS if flag in flags]
    return (f"{found.get('model name', 'unnamed')} ({found['vendor_id']}, family {found.get('cpu family', '?')}, "
            f"model {found.get('model', '?')}, stepping {found.get('stepping', '?')}; has {', '.join(units) or 'no AVX2'})")


def product_units(output):
    """Returns the instruction sets of a program's matrix products, by their share of the time, from what it printed under
    `tell_products`.

    oneDNN's lines are onednn_verbose,v1,primitive,exec,cpu,PRIMITIVE,IMPLEMENTATION,…,MILLISECONDS with implementations such as
    brg_matmul:avx512_core. MKL names its routine and time, not the unit that it took.
    """
    times = {}
    for line in output.splitlines():
        fields = line.split(",")
        mkl = re.match(r"MKL_VERBOSE \w*GEMM\w*\(.*\) ([\d.]+)(ns|us|ms|s) ", line)
        if mkl:
            name, spent = "MKL", float(mkl[1]) * {"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1e3}[mkl[2]]
        elif fields[0] == "onednn_verbose" and "exec" in fields:
            primitive, implementation = fields[fields.index("exec") + 2:fields.index("exec") + 4]
            if primitive not in ("matmul", "inner_product", "convolution"):
                continue
            unit = re.search(r"(avx|amx|sse)\w*", implementation)
            name, spent = unit[0] if unit else implementation, float(fields[-1])
        else:
            continue
        times[name] = times.get(name, 0.0) + spent
    whole = sum(times.values())
    ordered = sorted(times.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {100 * spent / whole:.0f} %" for name, spent in ordered) if whole else "no product was told"


def tell_products(environment):
    """The environment in which oneDNN and MKL print a line for each of their operations."""
    return dict(environment, ONEDNN_VERBOSE="1", MKL_VERBOSE="1")
