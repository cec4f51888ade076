#include "cli/guarded_main.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "rpc/scheduler.h"

namespace helip::cli {
namespace {

// So that what stands after it is seen.
constexpr std::size_t kMostUsageBytes = 300;

// Only numbers are converted.
std::string usage_of(const CLI::ParseError& error) {
  constexpr std::string_view kConversion = "Could not convert: ";
  const std::string_view text = error.what();
  if (!text.starts_with(kConversion)) return std::string(text);
  return cat("expected a number that the option takes; found ", text.substr(kConversion.size()));
}

}  // namespace

int guarded_main(const std::function<int()>& body, const bool* to_log) {
  const auto report = [&](const std::string& line) {
    if (to_log != nullptr && *to_log) {
      log::error(line);
    } else {
      std::cerr << "error: " << shortened(line, kMostLineBytes) << "\n";
    }
  };
  // A reader that leaves (`helip run | head`) must not end a job.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return body();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0)
      throw;  // --help and --version are no errors; the program prints them
    report(cat("usage: ", shortened(with_short_numbers(usage_of(error)), kMostUsageBytes),
               " (--help tells more)"));
    return kExitUsage;
  } catch (const ConfigError& error) {
    report(error.what());
    return kExitUsage;
  } catch (const rpc::RpcError& error) {
    report(error.what());
    switch (error.code()) {
      case rpc::RpcCode::kUnavailable:
        return kExitUnreachable;
      case rpc::RpcCode::kFailedPrecondition:
      case rpc::RpcCode::kInvalidArgument:
        return kExitUsage;
      default:
        return kExitFailed;
    }
  } catch (const std::exception& error) {
    report(line_of(error));
    return kExitFailed;
  }
}

}  // namespace helip::cli
