// A work directory belongs to one job and one coordinator at a time: who may take it, and where its
// coordinator listens.
#pragma once

#include <optional>
#include <string>

#include "config/fields.h"
#include "jobs/work_dir.h"

namespace helip::coordinator {

// Throws ConfigError if config.yaml there is of a job whose trained model another value determines,
// naming the first such key. Returns where no job has begun.
void expect_same_training(const jobs::WorkDir& work_dir, const std::string& config_yaml);

// Makes the folder and writes config.yaml. Throws ConfigError if the folder holds a job whose
// trained model another configuration determines; keys of other roles (config/fields.h) may differ.
// `stored_digest`: the ledger's training digest; empty if there is none.
void claim(const jobs::WorkDir& work_dir, const std::string& config_yaml,
           const std::string& training_digest, const std::string& stored_digest);

// Writes the coordinator's address, host:port; readable by the owner alone. Throws StoreError.
void publish_address(const jobs::WorkDir& work_dir, const std::string& address);
// Removes the file with the address. What fails is not told.
void remove_address(const jobs::WorkDir& work_dir) noexcept;

}  // namespace helip::coordinator
