// The zip archive as torch.save writes it (PKWARE's APPNOTE, with the zip64 records). Reader and
// writer share these numbers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace helip::weights::zip {

inline constexpr std::uint32_t kLocalSignature = 0x04034B50;
inline constexpr std::uint32_t kCentralSignature = 0x02014B50;
inline constexpr std::uint32_t kEndSignature = 0x06054B50;
inline constexpr std::uint32_t kEnd64Signature = 0x06064B50;
inline constexpr std::uint32_t kLocator64Signature = 0x07064B50;

// Fixed parts, in bytes.
inline constexpr std::size_t kLocalSize = 30;
inline constexpr std::size_t kCentralSize = 46;
inline constexpr std::size_t kEndSize = 22;
inline constexpr std::size_t kEnd64Size = 56;
inline constexpr std::size_t kLocator64Size = 20;

inline constexpr std::uint16_t kStored = 0;  // method: not compressed
inline constexpr std::uint16_t kEncryptedFlag = 1;
inline constexpr std::uint16_t kUtf8Flag = 0x0800;
inline constexpr std::uint16_t kVersion64 = 45;
inline constexpr std::uint16_t kExtra64 = 1;            // extra field: sizes and offset of 64 bits
inline constexpr std::uint16_t kExtraPadding = 0x4246;  // "FB", PyTorch's own
// A number that stands in the zip64 extra field.
inline constexpr std::uint32_t kIn64 = 0xFFFFFFFF;

}  // namespace helip::weights::zip
