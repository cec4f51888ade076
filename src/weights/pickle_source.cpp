#include "weights/pickle_source.h"

#include "common/error.h"
#include "common/text.h"

namespace helip::weights {

std::uint8_t PickleSource::opcode() {
  begin_ = at_;
  return number<std::uint8_t>();
}

void PickleSource::expect(std::uint64_t length) const {
  if (length > bytes_.size() - at_) {
    fail("the pickle is cut off or claims too much", cat("at most ", bytes_.size() - at_, " bytes"),
         cat(length, " bytes"));
  }
}

std::span<const std::byte> PickleSource::take(std::uint64_t length) {
  expect(length);
  const auto part = bytes_.subspan(at_, length);
  at_ += length;
  return part;
}

std::string_view PickleSource::text(std::uint64_t length) {
  const auto part = take(length);
  const std::string_view result(reinterpret_cast<const char*>(part.data()), part.size());
  if (!is_valid_utf8(result)) fail("the pickle holds text that is not UTF-8");
  return result;
}

std::string_view PickleSource::line() {
  const auto part = bytes_.subspan(at_);
  const std::string_view rest(reinterpret_cast<const char*>(part.data()), part.size());
  const std::size_t length = rest.find('\n');
  if (length == std::string_view::npos) fail("the pickle is cut off in a name");
  at_ += length + 1;
  return rest.substr(0, length);
}

void PickleSource::fail(const std::string& what, const std::string& expected,
                        const std::string& found) const {
  throw StoreError({.what = what,
                    .where = cat(where_, ", byte ", begin_),
                    .expected = expected,
                    .found = found});
}

}  // namespace helip::weights
