// Strict reading of the JSON files of results. Torch-free.
#pragma once

#include <string>
#include <vector>

#include "common/error.h"
#include "common/json.h"

namespace helip::eval {

// Returns the error of a file of results; `where` names the file and the entry.
StoreError malformed(const std::string& what, const std::string& where,
                     const std::string& expected = {}, const std::string& found = {});

// Returns the list in the text of a file. Throws StoreError naming `origin` if it is not JSON or
// not a list, or if an object has a key twice.
OrderedJson parse_list(const std::string& text, const std::string& origin);

// Throws StoreError naming `where` unless `entry` is an object with these keys and no other.
void expect_keys(const OrderedJson& entry, const std::vector<std::string>& keys,
                 const std::string& where);

// Returns the text under a key. Throws StoreError naming `where` if it is of another type.
std::string text_field(const OrderedJson& entry, const std::string& key, const std::string& where);

}  // namespace helip::eval
