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

// "index", "encode", …
std::string_view name_of(Stage stage);
// Returns nullopt if no stage has this name.
std::optional<Stage> find_stage(std::string_view name);
// As find_stage, for what a person wrote. Throws ConfigError; `where` names the option or the file.
Stage stage_from_name(std::string_view name, std::string_view where);
// "encode,mine" → stages in the order of the job, each once; "all" → every stage.
std::vector<Stage> stages_from_list(std::string_view list, std::string_view where);
std::string to_list(const std::vector<Stage>& stages);

}  // namespace helip::jobs
