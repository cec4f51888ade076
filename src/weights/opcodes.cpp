#include "weights/opcodes.h"

#include <array>
#include <string_view>

namespace helip::weights {
namespace {

struct Refused {
  std::uint8_t opcode;
  std::string_view name;
};

constexpr std::array kRefused = {
    Refused{'i', "INST"},         Refused{'o', "OBJ"},
    Refused{'P', "PERSID"},       Refused{0x82, "EXT1"},
    Refused{0x83, "EXT2"},        Refused{0x84, "EXT4"},
    Refused{0x92, "NEWOBJ_EX"},   Refused{'2', "DUP"},
    Refused{'I', "INT"},          Refused{'L', "LONG"},
    Refused{'F', "FLOAT"},        Refused{'S', "STRING"},
    Refused{'V', "UNICODE"},      Refused{'d', "DICT"},
    Refused{'l', "LIST"},         Refused{'g', "GET"},
    Refused{'p', "PUT"},          Refused{0x96, "BYTEARRAY8"},
    Refused{0x97, "NEXT_BUFFER"}, Refused{0x98, "READONLY_BUFFER"},
};

}  // namespace

std::string opcode_text(std::uint8_t opcode) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::string hex = {'0', 'x', kDigits[opcode >> 4], kDigits[opcode & 0xF]};
  for (const Refused& refused : kRefused) {
    if (refused.opcode == opcode) return "opcode " + std::string(refused.name) + " (" + hex + ")";
  }
  return "opcode " + hex;
}

}  // namespace helip::weights
