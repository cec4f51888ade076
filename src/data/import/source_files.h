// Reads images and captions that lie in files of their own, for tables and folders.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "data/import/import_source.h"
#include "data/text/caption.h"

namespace helip::data {

inline constexpr const char* kMissingImage = "the image file is missing";

// Fills in pair.image, or pair.problem if the file is missing, larger than `max_bytes` or cannot be
// read.
void read_image_file(const std::filesystem::path& file, std::uint64_t max_bytes, SourcePair& pair);

// Fill in pair.caption. Fill in pair.problem, too, if the caption cannot be used and the pair has
// no problem yet.
void read_caption_file(const std::filesystem::path& file, SourcePair& pair);
void take_caption(Caption caption, SourcePair& pair);

// Returns name, size and modification time of FOLDER/NAME as text: a changed text tells that the
// file is another one than before, without reading it.
std::string stamp_of(const std::filesystem::path& folder, const std::string& name);

}  // namespace helip::data
