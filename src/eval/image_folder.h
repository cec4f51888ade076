// A split in the layout of torchvision's ImageFolder: SPLIT/CLASS/…/IMAGE, where the classes are
// the folders in the order of their names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "eval/eval_dataset.h"

namespace helip::eval {

// Returns true if the split is a folder with folders in it and without nshards.txt.
bool is_image_folder(const std::filesystem::path& split_folder);

// Returns the names of the split's folders, in ascending order of their bytes, but for hidden ones.
std::vector<std::string> class_folders(const std::filesystem::path& split_folder);

// An image of a class, in the class's folder or in one below it.
struct FolderImage {
  std::filesystem::path file;
  std::int64_t label = 0;  // index into class_folders()
};

// Returns the images of all classes, class by class, in the order of their paths. Follows links.
// Files that are no images are passed over, and a warning is logged with their number. Throws
// DataError naming a class without an image, an empty image, or one in a format that is not read.
std::vector<FolderImage> list_images(const std::filesystem::path& split_folder);

// Adds the split's samples and files to `dataset` and sets its fingerprint. Throws what list_images
// throws.
void read_image_folder(const std::filesystem::path& split_folder, Dataset& dataset);

}  // namespace helip::eval
