// Structs whose members are listed once, in fields(). The list gives their JSON (jobs/record.h)
// and, for the structs of rpc/, their Protobuf messages (rpc/convert.h), in both directions.
//
//   struct EncodeResult {
//     std::uint64_t samples = 0;
//     static constexpr auto fields() {
//       return std::tuple{field("samples", &EncodeResult::samples)};
//     }
//   };
#pragma once

#include <concepts>
#include <cstdint>
#include <tuple>
#include <type_traits>

namespace helip::jobs {

template <typename Struct, typename Value>
struct Field {
  const char* name;
  Value Struct::*member;
};

template <typename Struct, typename Value>
constexpr Field<Struct, Value> field(const char* name, Value Struct::*member) {
  return {name, member};
}

template <typename T>
concept Record = requires {
  T::fields();
};

// An enum that is a number with a type of its own, as rpc::TaskId.
template <typename T>
concept Id = std::is_enum_v<T> && std::same_as<std::underlying_type_t<T>, std::uint64_t>;

// Calls visit(entry, member) for each entry of T's list and the member of `record` that it names.
template <typename T, typename Visit>
void for_each_field(T& record, const Visit& visit) {
  std::apply([&](const auto&... each) { (visit(each, record.*each.member), ...); },
             std::remove_const_t<T>::fields());
}

}  // namespace helip::jobs
