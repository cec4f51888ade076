// What a JSON library says of a document that it cannot read, for a message to a person.
#pragma once

#include <exception>
#include <string>

namespace helip {

// Returns the error's text without the tag "[json.exception.…] " that nlohmann's library puts in
// front of it.
inline std::string json_reason(const std::exception& error) {
  const std::string text = error.what();
  const std::size_t end =
      text.starts_with("[json.exception.") ? text.find("] ") : std::string::npos;
  return end == std::string::npos ? text : text.substr(end + 2);
}

}  // namespace helip
