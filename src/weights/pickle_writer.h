// Writes pickles of protocol 2, what torch.save writes: opcode by opcode, the caller keeps order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "weights/opcodes.h"

namespace helip::weights {

class PickleWriter {
 public:
  PickleWriter();

  PickleWriter& op(Opcode opcode);
  PickleWriter& global(std::string_view module, std::string_view name);
  PickleWriter& none() { return op(Opcode::kNone); }
  PickleWriter& boolean(bool value) { return op(value ? Opcode::kNewTrue : Opcode::kNewFalse); }
  PickleWriter& integer(std::int64_t value);
  PickleWriter& real(double value);
  PickleWriter& text(std::string_view value);
  // Writes an empty collections.OrderedDict.
  PickleWriter& ordered_dict();

  // Returns the pickle so far, ended by STOP.
  [[nodiscard]] std::string finish() const;

 private:
  PickleWriter& little(std::uint64_t value, int width);
  std::string bytes_;
};

}  // namespace helip::weights
