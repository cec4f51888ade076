#include "weights/pickle_writer.h"

#include <bit>
#include <limits>

namespace helip::weights {

PickleWriter::PickleWriter() { op(Opcode::kProto).little(2, 1); }

PickleWriter& PickleWriter::op(Opcode opcode) {
  bytes_ += static_cast<char>(opcode);
  return *this;
}

PickleWriter& PickleWriter::little(std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) bytes_ += static_cast<char>(value >> (8 * i));
  return *this;
}

PickleWriter& PickleWriter::global(std::string_view module, std::string_view name) {
  op(Opcode::kGlobal);
  bytes_.append(module).append("\n").append(name).append("\n");
  return *this;
}

PickleWriter& PickleWriter::integer(std::int64_t value) {
  if (value >= std::numeric_limits<std::int32_t>::min() &&
      value <= std::numeric_limits<std::int32_t>::max()) {
    return op(Opcode::kBinInt).little(static_cast<std::uint64_t>(value), 4);
  }
  return op(Opcode::kLong1).little(sizeof value, 1).little(static_cast<std::uint64_t>(value), 8);
}

PickleWriter& PickleWriter::real(double value) {
  return op(Opcode::kBinFloat).little(__builtin_bswap64(std::bit_cast<std::uint64_t>(value)), 8);
}

PickleWriter& PickleWriter::text(std::string_view value) {
  op(Opcode::kBinUnicode).little(value.size(), 4);
  bytes_.append(value);
  return *this;
}

PickleWriter& PickleWriter::ordered_dict() {
  return global("collections", "OrderedDict").op(Opcode::kEmptyTuple).op(Opcode::kReduce);
}

std::string PickleWriter::finish() const { return bytes_ + static_cast<char>(Opcode::kStop); }

}  // namespace helip::weights
