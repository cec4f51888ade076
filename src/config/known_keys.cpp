#include "config/known_keys.h"

#include "config/nearest_key.h"

namespace helip::config {
namespace {

// Returns the dotted key of a field of that name in any section, or nothing.
std::string in_another_section(std::string_view name) {
  std::string found;
  for_each_field<RunConfig>([&]<typename Section>(const Field<RunConfig, Section>& section) {
    for (const std::string& candidate : names_of_fields<Section>()) {
      if (found.empty() && candidate == name) {
        found = joined_key(std::string(section.name), candidate);
      }
    }
  });
  return found;
}

// Where what a key of an earlier version said is said now, or nothing.
std::string moved_to(const std::string& key) {
  if (key == "early_stop.dataset") {
    return "scores.datasets: [{name: NAME, path: …, tasks: [zero_shot]}] and early_stop.metric: "
           "NAME/acc1";
  }
  if (key == "early_stop.split") return "split in scores.datasets[]";
  return key == "early_stop.every_steps" ? "scores.every_steps" : "";
}

}  // namespace

std::string joined_key(const std::string& prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : prefix + "." + std::string(name);
}

std::string expected_key(const std::string& prefix, const std::string& name,
                         const std::vector<std::string>& siblings) {
  if (std::string moved = moved_to(joined_key(prefix, name)); !moved.empty()) return moved;
  const std::string near = nearest_key(name, siblings);
  const std::string meant = near.empty() ? in_another_section(name) : joined_key(prefix, near);
  if (!meant.empty()) return meant + ", perhaps";
  std::string all;
  for (const std::string& sibling : siblings) all += (all.empty() ? "one of " : ", ") + sibling;
  return all;
}

}  // namespace helip::config
