// Cleaning of captions, before tokens and for comparing them.
#pragma once

#include <string>
#include <string_view>

namespace helip::data {

// Returns the text after CLIP's cleaning: ftfy's, with its repair of mojibake, HTML unescape twice,
// white space collapsed, stripped. Not lower-cased. Throws DataError if the text is not UTF-8.
std::string clean_text(std::string_view text);

// Returns the text that duplicate captions (caption_group) share: clean_text, NFKC, case folding.
// Throws DataError if the text is not UTF-8.
std::string caption_key(std::string_view text);

}  // namespace helip::data
