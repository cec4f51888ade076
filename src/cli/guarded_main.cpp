#include "cli/guarded_main.h"

#include <charconv>
#include <csignal>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"
#include "common/log.h"
#include "common/text.h"
#include "rpc/scheduler.h"

namespace helip::cli {
namespace {

// So that what stands after it is seen.
constexpr std::size_t kMostUsageBytes = 300;

// "NAME: expected …; found …".
std::string usage_line(std::string_view option, std::string_view expected, std::string_view found) {
  return cat(option, ": expected ", expected, "; found ", found.empty() ? "nothing" : found);
}

bool is_number(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && problem == std::errc() && end == text.data() + text.size();
}

// CLI11's message in our words, where it says what an option takes. A value may hold any text.
std::string usage_of(const CLI::ParseError& error) {
  constexpr std::string_view kConversion = "Could not convert: ", kEquals = " = ";
  constexpr std::string_view kColon = ": ", kValue = "Value ", kTo = " to ";
  constexpr std::string_view kNotInRange = " not in range ", kNotIn = " not in {";
  constexpr std::size_t kMostDigits = 40;  // a longer bound is none
  std::string_view text = error.what();
  // Only numbers are converted.
  if (text.starts_with(kConversion) && text.find(kEquals) != std::string_view::npos) {
    text.remove_prefix(kConversion.size());
    const std::size_t equals = text.find(kEquals);
    const std::string_view value = text.substr(equals + kEquals.size());
    return usage_line(text.substr(0, equals),
                      is_number(value) ? "a whole number, 0 or more" : "a number", value);
  }
  const std::size_t colon = text.find(kColon);
  if (colon == std::string_view::npos) return std::string(text);
  const std::string_view option = text.substr(0, colon);
  const std::string_view rest = text.substr(colon + kColon.size());
  if (const std::size_t at = rest.rfind(kNotInRange);
      at != std::string_view::npos && rest.starts_with(kValue) && at >= kValue.size()) {
    const std::string_view range = rest.substr(at + kNotInRange.size());
    const bool bounded = range.size() < kMostDigits + range.find(kTo);
    return usage_line(option, bounded ? range : "a number above 0",
                      rest.substr(kValue.size(), at - kValue.size()));
  }
  if (const std::size_t at = rest.rfind(kNotIn);
      at != std::string_view::npos && rest.ends_with('}')) {
    const std::string_view names = rest.substr(at + kNotIn.size());
    return usage_line(option, cat("one of ", names.substr(0, names.size() - 1)),
                      rest.substr(0, at));
  }
  return std::string(text);
}

}  // namespace

void expect_no_unknown_word(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining(/*recurse=*/true);
  if (!words.empty()) throw CLI::ExtrasError(std::vector<std::string>{words.front()});
}

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
