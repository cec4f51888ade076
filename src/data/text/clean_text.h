// Cleaning of captions, before tokens and for comparing them.
#pragma once

#include <string>
#include <string_view>

namespace helip::data {

// CLIP's text cleaning: ftfy's, with its repair of mojibake, HTML unescape twice, white space
// collapsed, stripped. Not lower-cased. Throws DataError if the text is not UTF-8.
std::string clean_text(std::string_view text);

// Key of caption_group: clean_text, NFKC, case folding.
std::string caption_key(std::string_view text);

}  // namespace helip::data
