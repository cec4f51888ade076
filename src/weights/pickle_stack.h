// The stack that a pickle's opcodes work on.
#pragma once

#include <cstddef>
#include <vector>

#include "weights/pickle_source.h"
#include "weights/pickle_value.h"

namespace helip::weights {

class PickleStack {
 public:
  // `source` names the place in errors and must outlive this.
  explicit PickleStack(const PickleSource& source) : source_(source) {}

  void push(Value value) { values_.push_back(value); }
  void mark() { marks_.push_back(values_.size()); }

  // Throws StoreError if nothing was pushed since the last mark.
  Value pop() {
    if (values_.empty() || (!marks_.empty() && marks_.back() == values_.size())) {
      source_.fail("damaged pickle: its stack is empty");
    }
    const Value value = values_.back();
    values_.pop_back();
    return value;
  }

  // Returns what was pushed since the last mark, and takes the mark too. Throws StoreError if there
  // is no mark.
  std::vector<Value> pop_mark() {
    if (marks_.empty()) source_.fail("damaged pickle: it has no mark");
    const auto first = values_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Value> values(first, values_.end());
    values_.erase(first, values_.end());
    marks_.pop_back();
    return values;
  }

 private:
  const PickleSource& source_;
  std::vector<Value> values_;
  std::vector<std::size_t> marks_;
};

}  // namespace helip::weights
