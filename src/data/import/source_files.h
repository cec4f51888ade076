// Images and captions that lie in files of their own: of tables and folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "data/import/import_source.h"
#include "data/text/caption.h"

namespace helip::data {

inline constexpr const char* kMissingImage = "the image file is missing";

// Fills in the image's bytes or the problem.
void read_image_file(const std::filesystem::path& file, std::uint64_t max_bytes, SourcePair& pair);

// Fills in the caption, and its problem where the image has none.
void read_caption_file(const std::filesystem::path& file, SourcePair& pair);
void take_caption(Caption caption, SourcePair& pair);

// Tells whether a file is another one than before, without reading it.
std::string stamp_of(const std::filesystem::path& folder, const std::string& name);

}  // namespace helip::data
