// The emulator of the AMX instructions, held against what a processor does.
#include "amx_emulator.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <string>

#include "mining/kernels/amx_support.h"
#include "support/skip.h"

using namespace helip::mining;
using namespace helip::test;

namespace {

// As LDTILECFG reads it: tile 0 sums, tile 1 and tile 2 what is multiplied.
struct alignas(64) Shapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {4, 4, 4};
  std::uint8_t rows[16] = {1, 1, 1};
};

void configure(const Shapes& shapes) { asm volatile("ldtilecfg %0" : : "m"(shapes)); }
void release() { asm volatile("tilerelease"); }

struct Product {
  const char* name;
  void (*multiply)();
  std::int64_t expected;  // of the bytes FF and FE
};
const Product kProducts[] = {
    {"signed by unsigned", [] { asm volatile("tdpbsud %tmm2, %tmm1, %tmm0"); }, -1 * 254},
    {"unsigned by signed", [] { asm volatile("tdpbusd %tmm2, %tmm1, %tmm0"); }, 255 * -2},
    {"signed by signed", [] { asm volatile("tdpbssd %tmm2, %tmm1, %tmm0"); }, -1 * -2},
    {"unsigned by unsigned", [] { asm volatile("tdpbuud %tmm2, %tmm1, %tmm0"); }, 255 * 254},
};

// What a child says on stderr before it is aborted, or "" if it is not.
std::string last_words(const std::function<void()>& act) {
  int ends[2] = {};
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    std::signal(SIGABRT, SIG_DFL);  // Catch2's would write a report
    act();
    _exit(0);
  }
  close(ends[1]);
  std::string words;
  char buffer[256];
  for (ssize_t size = 0; (size = read(ends[0], buffer, sizeof buffer)) > 0;) {
    words.append(buffer, static_cast<std::size_t>(size));
  }
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? words : "";
}

// Where there is AMX, its instructions do not trap.
const bool kNative = amx_int8_usable();

}  // namespace

TEST_CASE("emulated products of bytes have the signs of their names and wrap around") {
  if (kNative) return skip("this processor has AMX, which does not trap");
  const AmxEmulator emulator;
  const std::uint32_t a = 0xFF;
  const std::uint32_t b[] = {0xFE, 0, 0};
  for (const Product& product : kProducts) {
    for (const std::uint32_t start : {0U, 0x7FFFFFFFU, 0x80000000U}) {
      std::uint32_t sum = start;
      configure(Shapes{});
      asm volatile("tileloadd (%0,%1,1), %%tmm0" : : "r"(&sum), "r"(64L) : "memory");
      asm volatile("tileloaddt1 (%0,%1,4), %%tmm1" : : "r"(&a), "r"(64L) : "memory");
      asm volatile("tileloadd -8(%0,%1,1), %%tmm2" : : "r"(b + 2), "r"(64L) : "memory");
      product.multiply();
      asm volatile("tilestored %%tmm0, (%0,%1,1)" : : "r"(&sum), "r"(64L) : "memory");
      CAPTURE(product.name, start);
      CHECK(sum == start + static_cast<std::uint32_t>(product.expected));
      asm volatile("tilezero %tmm0");
      asm volatile("tilestored %%tmm0, (%0,%1,1)" : : "r"(&sum), "r"(64L) : "memory");
      CHECK(sum == 0);
      release();
      CHECK_FALSE(emulator.configured());
    }
  }
}

TEST_CASE("the emulator ends the program where a processor faults") {
  if (kNative) return skip("this processor has AMX, which does not trap");
  const AmxEmulator emulator;
  const auto with = [](auto change) {
    return last_words([&] {
      Shapes shapes;
      change(shapes);
      configure(shapes);
      kProducts[0].multiply();
    });
  };
  CHECK(with([](Shapes&) {}).empty());
  CHECK_THAT(with([](Shapes& shapes) { shapes.rows[1] = 2; }), Catch::Contains("do not fit"));
  CHECK_THAT(with([](Shapes& shapes) { shapes.row_bytes[1] = 8; }), Catch::Contains("do not fit"));
  CHECK_THAT(with([](Shapes& shapes) { shapes.row_bytes[2] = 8; }), Catch::Contains("do not fit"));
  CHECK_THAT(with([](Shapes& shapes) { shapes.rows[7] = 17; }), Catch::Contains("too large"));
  CHECK_THAT(with([](Shapes& shapes) { shapes.row_bytes[7] = 4; }),
             Catch::Contains("rows without columns"));
  CHECK_THAT(with([](Shapes& shapes) { shapes.reserved[0] = 1; }), Catch::Contains("reserved"));
  CHECK_THAT(with([](Shapes& shapes) { shapes.palette = 2; }), Catch::Contains("palette"));
  CHECK_THAT(last_words([] { kProducts[0].multiply(); }), Catch::Contains("not configured"));
  CHECK_THAT(last_words([] {
               configure(Shapes{});
               asm volatile("tilezero %tmm3");
             }),
             Catch::Contains("the tile is not configured"));
  CHECK_THAT(last_words([] {
               configure(Shapes{});
               // tdpbsud tmm0, tmm1, tmm1, which the assembler refuses
               asm volatile(".byte 0xC4, 0xE2, 0x72, 0x5E, 0xC1");
             }),
             Catch::Contains("must differ"));
  CHECK_THAT(last_words([] { asm volatile("ud2"); }), Catch::Contains("instruction bytes 0f 0b"));
}
