// The stages of a job, in order.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace helip::jobs {

enum class Stage { kIndex = 0, kEncode, kMine, kTrain, kEval, kReport };

inline constexpr std::array kStages = {Stage::kIndex, Stage::kEncode, Stage::kMine,
                                       Stage::kTrain, Stage::kEval,   Stage::kReport};

// Returns "index", "encode", …
std::string_view name_of(Stage stage);
// Returns the stage of this name; nothing if there is none.
std::optional<Stage> find_stage(std::string_view name);
// Returns the stage of a name that a person wrote. Throws ConfigError if there is none; `where`
// names the option or the file.
Stage stage_from_name(std::string_view name, std::string_view where);
// Returns the stages of a list, "encode,mine" or "all", in the order of the job, each once. Throws
// as stage_from_name.
std::vector<Stage> stages_from_list(std::string_view list, std::string_view where);
// Returns "encode,mine" for these two.
std::string to_list(const std::vector<Stage>& stages);

}  // namespace helip::jobs
