#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/stringpiece.h>

#include <string>

#include "common/error.h"
#include "data/text/clean_text.h"
#include "data/text/unicode_text.h"

namespace helip::data {

std::string caption_key(std::string_view text) {
  const std::string composed = normalize(clean_text(text), NormalForm::kNfkc);
  UErrorCode status = U_ZERO_ERROR;
  std::string key;
  icu::StringByteSink<std::string> sink(&key);
  icu::CaseMap::utf8Fold(
      0, icu::StringPiece(composed.data(), static_cast<std::int32_t>(composed.size())), sink,
      nullptr, status);
  if (U_FAILURE(status)) {
    throw DataError({"caption cannot be case-folded", "ICU", "", u_errorName(status)});
  }
  return key;
}

}  // namespace helip::data
