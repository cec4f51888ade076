#include "model/files/tensor_check.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include "common/error.h"
#include "common/text.h"
#include "weights/foreign_names.h"

namespace helip::model {
namespace {

using Expected = std::map<std::string, ExpectedTensor>;
using Found = std::map<std::string, store::TensorView>;

template <typename Value>
std::vector<std::string_view> names_of(const std::map<std::string, Value>& tensors) {
  std::vector<std::string_view> names;
  for (const auto& [name, tensor] : tensors) names.emplace_back(name);
  return names;
}

std::vector<std::string_view> difference(const std::vector<std::string_view>& of,
                                         const std::vector<std::string_view>& without) {
  std::vector<std::string_view> names;
  std::set_difference(of.begin(), of.end(), without.begin(), without.end(),
                      std::back_inserter(names));
  return names;
}

// The name of `surplus` that ends most like `name`: the first of them where none does.
std::string_view most_alike(std::string_view name, const std::vector<std::string_view>& surplus) {
  const auto common = [&](std::string_view other) {
    return std::mismatch(name.rbegin(), name.rend(), other.rbegin(), other.rend()).first -
           name.rbegin();
  };
  return *std::max_element(
      surplus.begin(), surplus.end(),
      [&](std::string_view a, std::string_view b) { return common(a) < common(b); });
}

std::string counted(std::size_t count, const std::string& thing) {
  return cat(count, " ", thing, count == 1 ? "" : "s");
}

// What the names of both sides have in common, for messages.
class Names {
 public:
  Names(const Expected& expected, const Found& tensors)
      : wanted_(names_of(expected)),
        found_(names_of(tensors)),
        missing_(difference(wanted_, found_)),
        surplus_(difference(found_, wanted_)) {}

  [[nodiscard]] const std::vector<std::string_view>& surplus() const { return surplus_; }

  // The layout of another program, if it is known.
  [[nodiscard]] std::optional<weights::ForeignNames> foreign() const {
    if (surplus_.empty()) return std::nullopt;
    return weights::foreign_names(found_, wanted_);
  }

  [[nodiscard]] std::string_view first_wanted() const {
    return missing_.empty() ? wanted_.front() : missing_.front();
  }

  // "3 of 61 tensors by name, and 58 others, as 'x'".
  [[nodiscard]] std::string found_instead_of(std::string_view name) const {
    const std::string fitting = cat(wanted_.size() - missing_.size(), " of ",
                                    counted(wanted_.size(), "tensor"), " by name");
    if (surplus_.empty()) return fitting;
    return cat(fitting, ", and ", counted(surplus_.size(), "other"), ", as '",
               most_alike(name, surplus_), "'");
  }

 private:
  std::vector<std::string_view> wanted_, found_, missing_, surplus_;
};

}  // namespace

void check_same_tensors(const Expected& expected, const Found& tensors,
                        const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& what, const std::string& wanted,
                          const std::string& found) {
    throw ConfigError({.what = "the weights are of another model: " + what,
                       .where = file.string(),
                       .expected = wanted,
                       .found = found});
  };
  const Names names(expected, tensors);
  if (const auto foreign = names.foreign()) {
    throw ConfigError({.what = "the tensors have the names of " + foreign->layout,
                       .where = file.string(),
                       .expected = cat("names as '", names.first_wanted(), "': ", foreign->advice),
                       .found = cat("'", foreign->example, "'")});
  }
  for (const auto& [name, tensor] : expected) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      refuse("tensor '" + name + "' is missing", store::shape_text(tensor.shape),
             names.found_instead_of(name));
    }
    const store::TensorView& view = found->second;
    if (view.shape != tensor.shape) {
      refuse("tensor '" + name + "' has another shape", store::shape_text(tensor.shape),
             store::shape_text(view.shape));
    }
    const bool floating = store::is_floating(tensor.dtype);
    if (floating ? !store::is_floating(view.dtype) : view.dtype != tensor.dtype) {
      refuse("tensor '" + name + "' has another dtype",
             floating ? "F32, F16, BF16 or F64" : tensor.dtype, view.dtype);
    }
  }
  if (!names.surplus().empty()) {
    refuse(cat("tensor '", names.surplus().front(), "' is surplus"),
           cat("the model's ", counted(expected.size(), "tensor"), " alone"),
           cat("these and ", counted(names.surplus().size(), "other")));
  }
}

}  // namespace helip::model
