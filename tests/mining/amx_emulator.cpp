#include "amx_emulator.h"

#include <ucontext.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace helip::test {
namespace {

constexpr std::size_t kTiles = 8;
constexpr std::size_t kMaxRows = 16;
constexpr std::size_t kMaxRowBytes = 64;

// The registers of palette 1. Bytes beyond a tile's shape are zero.
struct State {
  bool configured;
  std::uint8_t rows[kTiles];
  std::uint16_t row_bytes[kTiles];
  std::uint8_t data[kTiles][kMaxRows][kMaxRowBytes];
  std::uint64_t instructions;
};
State state;

// In a signal handler: no allocation, no streams.
void print(std::string_view text) {
  static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
}

[[noreturn]] void stop(const std::uint8_t* code, std::string_view reason) {
  print("AMX emulator: ");
  print(reason);
  print("; instruction bytes");
  for (int i = 0; i < 10; ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const char byte[] = {' ', kDigits[code[i] >> 4], kDigits[code[i] & 15]};
    print({byte, sizeof byte});
  }
  print("\n");
  std::abort();
}

enum Prefix : unsigned { kNone = 0, k66 = 1, kF3 = 2, kF2 = 3 };

// A three-byte VEX instruction of map 0F38: C4, [R X B map], [W vvvv L pp], opcode, ModRM, then
// maybe SIB and a displacement. R, X, B and vvvv are stored inverted.
struct Instruction {
  const std::uint8_t* code;
  Prefix prefix;
  unsigned opcode, mod, reg, rm, vvvv;
  // Address and stride of a memory operand: base + displacement, and index · scale.
  std::uint64_t address = 0, stride = 0;
  bool has_sib = false;
  std::uint64_t next = 0;
};

std::uint64_t general_register(const ucontext_t& context, unsigned number) {
  constexpr int kOrder[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                            REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  return static_cast<std::uint64_t>(context.uc_mcontext.gregs[kOrder[number]]);
}

// The memory operand of ModRM, `at` being the byte behind it. Returns the end of the instruction.
const std::uint8_t* decode_memory(const ucontext_t& context, Instruction& instruction,
                                  const std::uint8_t* at, unsigned x, unsigned b) {
  const unsigned low = instruction.rm & 7;
  unsigned base = low | b << 3;
  bool has_base = true;
  if (low == 4) {
    const unsigned sib = *at++;
    instruction.has_sib = true;
    const unsigned index = (sib >> 3 & 7) | x << 3;
    // Number 4 as an index, the stack pointer, stands for none.
    if (index != 4) instruction.stride = general_register(context, index) << (sib >> 6);
    base = (sib & 7) | b << 3;
    has_base = (sib & 7) != 5 || instruction.mod != 0;
  }
  const bool relative = low == 5 && instruction.mod == 0;  // to the next instruction
  std::int64_t displacement = 0;
  if (instruction.mod == 1) {
    displacement = static_cast<std::int8_t>(*at++);
  } else if (instruction.mod == 2 || relative || !has_base) {
    std::int32_t wide = 0;
    std::memcpy(&wide, at, sizeof wide);
    displacement = wide;
    at += sizeof wide;
  }
  if (relative) {
    instruction.address = reinterpret_cast<std::uint64_t>(at);
  } else if (has_base) {
    instruction.address = general_register(context, base);
  }
  instruction.address += static_cast<std::uint64_t>(displacement);
  return at;
}

Instruction decode(const ucontext_t& context) {
  const auto* code = reinterpret_cast<const std::uint8_t*>(context.uc_mcontext.gregs[REG_RIP]);
  if (code[0] != 0xC4 || (code[1] & 0x1F) != 2) stop(code, "not an instruction of AMX");
  const unsigned inverted = ~unsigned{code[1]};
  const unsigned r = inverted >> 7 & 1;
  const unsigned x = inverted >> 6 & 1;
  const unsigned b = inverted >> 5 & 1;
  if ((code[2] & 0x84) != 0) stop(code, "VEX.W and VEX.L must be 0");
  const unsigned modrm = code[4];
  Instruction instruction = {.code = code,
                             .prefix = static_cast<Prefix>(code[2] & 3),
                             .opcode = code[3],
                             .mod = modrm >> 6,
                             .reg = (modrm >> 3 & 7) | r << 3,
                             .rm = (modrm & 7) | b << 3,
                             .vvvv = ~unsigned{code[2]} >> 3 & 15};
  const std::uint8_t* end = code + 5;
  if (instruction.mod != 3) end = decode_memory(context, instruction, end, x, b);
  instruction.next = reinterpret_cast<std::uint64_t>(end);
  return instruction;
}

void release() {
  const std::uint64_t instructions = state.instructions;
  state = {};
  state.instructions = instructions;
}

void load_configuration(const Instruction& at) {
  std::uint8_t memory[64];
  std::memcpy(memory, reinterpret_cast<const void*>(at.address + at.stride), sizeof memory);
  release();
  if (memory[0] == 0) return;
  if (memory[0] != 1) stop(at.code, "LDTILECFG: unknown palette");
  if (memory[1] != 0) stop(at.code, "LDTILECFG: a start row is not emulated");
  const auto reserved = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (memory[i] != 0) stop(at.code, "LDTILECFG: reserved bytes must be 0");
    }
  };
  reserved(2, 16);
  reserved(32, 48);
  reserved(56, 64);
  std::memcpy(state.row_bytes, memory + 16, sizeof state.row_bytes);
  std::memcpy(state.rows, memory + 48, sizeof state.rows);
  for (std::size_t tile = 0; tile < kTiles; ++tile) {
    const unsigned rows = state.rows[tile];
    const unsigned bytes = state.row_bytes[tile];
    if (rows > kMaxRows || bytes > kMaxRowBytes) stop(at.code, "LDTILECFG: tile too large");
    if ((rows == 0) != (bytes == 0)) stop(at.code, "LDTILECFG: rows without columns");
  }
  state.configured = true;
}

// The tile, if a processor would let it be used.
unsigned valid(const Instruction& at, unsigned tile) {
  if (!state.configured) stop(at.code, "tiles are not configured");
  if (tile >= kTiles) stop(at.code, "no such tile");
  if (state.rows[tile] == 0) stop(at.code, "the tile is not configured");
  if (state.row_bytes[tile] % 4 != 0) stop(at.code, "columns must be a multiple of 4 bytes");
  return tile;
}

void load(const Instruction& at) {
  const unsigned tile = valid(at, at.reg);
  std::memset(state.data[tile], 0, sizeof state.data[tile]);
  for (std::uint64_t row = 0; row < state.rows[tile]; ++row) {
    const auto* from = reinterpret_cast<const void*>(at.address + row * at.stride);
    std::memcpy(state.data[tile][row], from, state.row_bytes[tile]);
  }
}

void store(const Instruction& at) {
  const unsigned tile = valid(at, at.reg);
  for (std::uint64_t row = 0; row < state.rows[tile]; ++row) {
    auto* to = reinterpret_cast<void*>(at.address + row * at.stride);
    std::memcpy(to, state.data[tile][row], state.row_bytes[tile]);
  }
}

std::int32_t value(std::uint8_t byte, bool is_signed) {
  return is_signed ? static_cast<std::int8_t>(byte) : byte;
}

// sums[m][n] += sum over k and four bytes i of a[m][4k + i] · b[k][4n + i], modulo 2^32.
void multiply(const Instruction& at, bool signed_a, bool signed_b) {
  const unsigned sums = valid(at, at.reg);
  const unsigned a = valid(at, at.rm);
  const unsigned b = valid(at, at.vvvv);
  if (sums == a || sums == b || a == b) stop(at.code, "the three tiles must differ");
  if (state.rows[sums] != state.rows[a] || state.row_bytes[sums] != state.row_bytes[b] ||
      state.row_bytes[a] != 4 * state.rows[b]) {
    stop(at.code, "the shapes of the three tiles do not fit");
  }
  for (std::size_t m = 0; m < state.rows[sums]; ++m) {
    for (std::size_t n = 0; n < state.row_bytes[sums] / 4U; ++n) {
      std::uint32_t sum = 0;
      std::memcpy(&sum, state.data[sums][m] + 4 * n, sizeof sum);
      for (std::size_t k = 0; k < state.rows[b]; ++k) {
        for (std::size_t i = 0; i < 4; ++i) {
          sum += static_cast<std::uint32_t>(value(state.data[a][m][4 * k + i], signed_a) *
                                            value(state.data[b][k][4 * n + i], signed_b));
        }
      }
      std::memcpy(state.data[sums][m] + 4 * n, &sum, sizeof sum);
    }
  }
}

void execute(const Instruction& at) {
  const bool memory = at.mod != 3;
  const bool plain = at.vvvv == 0;  // stored as 1111: no third operand
  if (at.opcode == 0x5E && !memory) {
    multiply(at, at.prefix == kF3 || at.prefix == kF2, at.prefix == k66 || at.prefix == kF2);
  } else if (at.opcode == 0x4B && memory && plain && at.has_sib &&
             (at.prefix == kF2 || at.prefix == k66)) {
    load(at);
  } else if (at.opcode == 0x4B && memory && plain && at.has_sib && at.prefix == kF3) {
    store(at);
  } else if (at.opcode == 0x49 && memory && plain && at.reg == 0 && at.prefix == kNone) {
    load_configuration(at);
  } else if (at.opcode == 0x49 && !memory && plain && at.rm == 0 && at.prefix == kF2) {
    const unsigned tile = valid(at, at.reg);
    std::memset(state.data[tile], 0, sizeof state.data[tile]);
  } else if (at.opcode == 0x49 && !memory && plain && at.rm == 0 && at.reg == 0 &&
             at.prefix == kNone) {
    release();
  } else {
    stop(at.code, "not an instruction of AMX");
  }
}

void on_illegal_instruction(int /*signal*/, siginfo_t* /*info*/, void* memory) {
  auto* context = static_cast<ucontext_t*>(memory);
  const Instruction instruction = decode(*context);
  execute(instruction);
  ++state.instructions;
  context->uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(instruction.next);
}

}  // namespace

AmxEmulator::AmxEmulator() : former_() {
  state = {};
  struct sigaction action = {};
  action.sa_sigaction = on_illegal_instruction;
  action.sa_flags = SA_SIGINFO;
  if (sigaction(SIGILL, &action, &former_) != 0) std::abort();
}

AmxEmulator::~AmxEmulator() { sigaction(SIGILL, &former_, nullptr); }

std::uint64_t AmxEmulator::instructions() const { return state.instructions; }
bool AmxEmulator::configured() const { return state.configured; }

}  // namespace helip::test
