#!/usr/bin/env python3
"""The line for a processor that benchmarks print, and what they tell of the units that were used. usage: machine_test.py BENCH"""
import sys
import unittest

sys.path.insert(0, sys.argv.pop(1))
import machine  # noqa: E402

EPYC = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC
stepping\t: 1
flags\t\t: fpu avx2 avx512f avx512_vnni avx512_bf16

processor\t: 1
vendor_id\t: AuthenticAMD
cpu family\t: 99
"""


class Machine(unittest.TestCase):
    def test_a_processor_is_named_by_vendor_family_model_stepping_and_units(self):
        self.assertEqual(machine.cpu(EPYC), "AMD EPYC (AuthenticAMD, family 25, model 17, stepping 1; has AVX2, AVX-512, AVX-512 VNNI, "
                         "AVX-512 BF16)")

    def test_amx_and_a_processor_without_wide_units_are_told(self):
        intel = EPYC.replace("AuthenticAMD", "GenuineIntel").replace("avx512_bf16", "avx512_bf16 amx_int8 amx_bf16")
        self.assertTrue(machine.cpu(intel).endswith("AVX-512 BF16, AMX int8, AMX bf16)"), machine.cpu(intel))
        self.assertTrue(machine.cpu(EPYC.replace(" avx2 avx512f avx512_vnni avx512_bf16", "")).endswith("has no AVX2)"))

    def test_a_processor_that_is_not_x86_has_a_name_too(self):
        self.assertTrue(machine.cpu("processor\t: 0\nCPU implementer\t: 0x41\n"))

    def test_this_machine_has_a_line(self):
        self.assertNotIn("\n", machine.cpu())
        self.assertTrue(machine.cpu())

    def test_instruction_sets_of_products_are_told_by_their_share_of_the_time(self):
        head = "onednn_verbose,v1,info,cpu,isa:Intel AVX-512 with Intel DL Boost\n"
        fast = "onednn_verbose,v1,primitive,exec,cpu,{},brg_matmul:{},undef,src:f32 wei:f32,attr-scratchpad:user,,64x384:384x1536,{}\n"
        mkl = "MKL_VERBOSE SGEMM(T,N,1536,64,384,0x7f,0x7f,384,0x55,384,0x7f,0x55,1536) {} CNR:OFF Dyn:0 FastMM:1 TID:0  NThr:2\n"
        output = (head + fast.format("inner_product", "avx512_core", 5) + fast.format("matmul", "avx512_core_bf16", "2.5")
                  + fast.format("reorder", "avx2", 1000) + mkl.format("2.4ms") + mkl.format("100us") + '{"steps": []}\n')
        self.assertEqual(machine.product_units(output), "avx512_core 50 %, avx512_core_bf16 25 %, MKL 25 %")
        self.assertEqual(machine.product_units(head), "no product was told")


if __name__ == "__main__":
    unittest.main()
