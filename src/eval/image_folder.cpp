#include "eval/image_folder.h"

#include <algorithm>
#include <utility>

#include "common/digest.h"
#include "common/hidden.h"
#include "common/log.h"
#include "common/text.h"
#include "data/corpus/webdataset.h"

namespace helip::eval {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownBytes = 80;  // of what a message quotes

std::string extension_of(const fs::path& file) {
  const std::string extension = data::lower_case(file.extension().string());
  return extension.empty() ? extension : extension.substr(1);
}

// The images of one class. Counts other files in `passed` and keeps the first one's path.
std::vector<fs::path> images_of_class(const fs::path& folder, std::uint64_t& passed,
                                      std::string& first_passed) {
  std::vector<fs::path> images;
  for (const auto& entry :
       fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink)) {
    if (entry.is_directory() || is_hidden(entry.path().filename().string())) continue;
    const std::string extension = extension_of(entry.path());
    if (data::is_unread_image(extension)) {
      throw dataset_error("an image of a kind that is not read", entry.path(),
                          ".webp, .png, .jpg or .jpeg", "." + extension);
    }
    if (!data::image_extension_index(extension)) {
      if (passed++ == 0) first_passed = entry.path().string();
      continue;
    }
    if (!entry.is_regular_file() || entry.file_size() == 0) {
      throw dataset_error("an image is empty", entry.path(), "an encoded image",
                          entry.is_regular_file() ? "0 bytes" : "no regular file");
    }
    images.push_back(entry.path());
  }
  std::sort(images.begin(), images.end());
  return images;
}

}  // namespace

bool is_image_folder(const fs::path& split_folder) {
  return fs::is_directory(split_folder) && !fs::exists(split_folder / "nshards.txt") &&
         !class_folders(split_folder).empty();
}

std::vector<std::string> class_folders(const fs::path& split_folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(split_folder)) {
    std::string name = entry.path().filename().string();
    if (entry.is_directory() && !is_hidden(name)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<FolderImage> list_images(const fs::path& split_folder) {
  std::vector<FolderImage> all;
  std::uint64_t passed = 0;
  std::string first_passed;
  std::int64_t label = 0;
  for (const std::string& name : class_folders(split_folder)) {
    const std::vector<fs::path> images = images_of_class(split_folder / name, passed, first_passed);
    if (images.empty()) {
      throw dataset_error("a class has no image", split_folder / name,
                          "at least one .webp, .png, .jpg or .jpeg", "none");
    }
    for (const fs::path& image : images) all.push_back({image, label});
    ++label;
  }
  if (passed > 0) {
    log::warning(cat(split_folder.string(), ": ", passed, " files are no images, as ",
                     shortened(first_passed, kShownBytes)));
  }
  return all;
}

void read_image_folder(const fs::path& split_folder, Dataset& dataset) {
  Sha256 digest;
  for (const FolderImage& image : list_images(split_folder)) {
    const std::string key = fs::relative(image.file, split_folder).string();
    digest.update(cat(key, '\n', sha256_file(image.file), '\n'));
    dataset.samples.push_back(
        {.key = key,
         .image = {.file = dataset.files.size(), .offset = 0, .size = fs::file_size(image.file)},
         .labels = {image.label},
         .captions = {}});
    dataset.files.push_back(image.file);
  }
  dataset.fingerprint = digest.hex();
}

}  // namespace helip::eval
