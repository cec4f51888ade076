#include "report/html.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/error.h"
#include "common/text.h"
#include "report/style_sheet.h"

namespace helip::report {
namespace {

bool starts_with(std::span<const std::byte> bytes, std::string_view magic, std::size_t offset = 0) {
  return bytes.size() >= offset + magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                    [](char left, std::byte right) {
                      return static_cast<unsigned char>(left) == static_cast<unsigned char>(right);
                    });
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string base64(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t first = 0; first < bytes.size(); first += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - first);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = (group << 8U) | (i < count ? std::to_integer<std::uint32_t>(bytes[first + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= count ? kDigits[(group >> (18U - 6U * i)) & 63U] : '=';
    }
  }
  return out;
}

std::string image_data_uri(std::span<const std::byte> encoded) {
  std::string_view type;
  if (starts_with(encoded, "\x89PNG\r\n\x1a\n")) {
    type = "image/png";
  } else if (starts_with(encoded, "\xff\xd8\xff")) {
    type = "image/jpeg";
  } else if (starts_with(encoded, "RIFF") && starts_with(encoded, "WEBP", 8)) {
    type = "image/webp";
  } else {
    throw DataError({.what = "not an image that a page can show",
                     .expected = "PNG, JPEG or WebP",
                     .found = cat(encoded.size(), " bytes of another kind")});
  }
  return cat("data:", type, ";base64,", base64(encoded));
}

std::string page(std::string_view title, std::string_view body) {
  return cat("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
             "<title>", escape_html(title), "</title>\n<style>", kStyleSheet,
             "</style>\n</head>\n<body>\n<main>\n", body, "</main>\n</body>\n</html>\n");
}

}  // namespace helip::report
