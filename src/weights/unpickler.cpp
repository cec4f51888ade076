#include "weights/unpickler.h"

#include <bit>
#include <cstring>
#include <iterator>
#include <unordered_map>

#include "common/error.h"
#include "common/text.h"
#include "weights/opcodes.h"
#include "weights/pickle_globals.h"
#include "weights/pickle_source.h"
#include "weights/pickle_stack.h"

namespace helip::weights {
namespace {

constexpr std::uint8_t kMaxProtocol = 5;
constexpr std::size_t kMaxRank = 64;

constexpr const char* kPlain = "tensors, dicts, lists, numbers and text alone";

class Unpickler {
 public:
  Unpickler(std::span<const std::byte> bytes, const std::string& where, std::uint64_t max_opcodes)
      : source_(bytes, where), max_opcodes_(max_opcodes) {}

  Pickle run() {
    for (std::uint64_t count = 0; count < max_opcodes_; ++count) {
      const std::uint8_t opcode = source_.opcode();
      if (static_cast<Opcode>(opcode) == Opcode::kStop) {
        pickle_.root = stack_.pop();
        return std::move(pickle_);
      }
      if (!scalar(opcode) && !container(opcode) && !reference(opcode)) {
        fail("the pickle holds what is not read", kPlain, opcode_text(opcode));
      }
    }
    fail("the pickle is too long for its file", cat("at most ", max_opcodes_, " opcodes"), "more");
  }

 private:
  [[noreturn]] void fail(const std::string& what, const std::string& expected = {},
                         const std::string& found = {}) const {
    source_.fail(what, expected, found);
  }

  template <typename Kind>
  Kind expect(const Value& value, const char* what) {
    const Kind* const found = std::get_if<Kind>(&value);
    if (found == nullptr) fail(std::string("damaged pickle: ") + what + " is of another kind");
    return *found;
  }

  // --- opcodes, by family; false: not of this family ---

  bool scalar(std::uint8_t opcode) {
    switch (static_cast<Opcode>(opcode)) {
      case Opcode::kNone:
        stack_.push(None{});
        return true;
      case Opcode::kNewTrue:
        stack_.push(true);
        return true;
      case Opcode::kNewFalse:
        stack_.push(false);
        return true;
      case Opcode::kBinInt:
        stack_.push(std::int64_t{source_.number<std::int32_t>()});
        return true;
      case Opcode::kBinInt1:
        stack_.push(std::int64_t{source_.number<std::uint8_t>()});
        return true;
      case Opcode::kBinInt2:
        stack_.push(std::int64_t{source_.number<std::uint16_t>()});
        return true;
      case Opcode::kLong1:
        push_long(source_.number<std::uint8_t>());
        return true;
      case Opcode::kLong4:
        push_long(source_.number<std::uint32_t>());
        return true;
      case Opcode::kBinFloat:
        stack_.push(std::bit_cast<double>(__builtin_bswap64(source_.number<std::uint64_t>())));
        return true;
      case Opcode::kShortBinUnicode:
        stack_.push(source_.text(source_.number<std::uint8_t>()));
        return true;
      case Opcode::kBinUnicode:
        stack_.push(source_.text(source_.number<std::uint32_t>()));
        return true;
      case Opcode::kBinUnicode8:
        stack_.push(source_.text(source_.number<std::uint64_t>()));
        return true;
      case Opcode::kShortBinBytes:
      case Opcode::kShortBinString:
        push_bytes(source_.number<std::uint8_t>());
        return true;
      case Opcode::kBinBytes:
      case Opcode::kBinString:
        push_bytes(source_.number<std::uint32_t>());
        return true;
      case Opcode::kBinBytes8:
        push_bytes(source_.number<std::uint64_t>());
        return true;
      default:
        return false;
    }
  }

  bool container(std::uint8_t opcode) {
    switch (static_cast<Opcode>(opcode)) {
      case Opcode::kMark:
        stack_.mark();
        return true;
      case Opcode::kPop:
        stack_.pop();
        return true;
      case Opcode::kPopMark:
        stack_.pop_mark();
        return true;
      case Opcode::kEmptyDict:
        stack_.push(pickle_.add(Dict{}));
        return true;
      case Opcode::kEmptyList:
        stack_.push(pickle_.add(Sequence{Sequence::Kind::kList}));
        return true;
      case Opcode::kEmptySet:
        stack_.push(pickle_.add(Sequence{Sequence::Kind::kSet}));
        return true;
      case Opcode::kEmptyTuple:
        push_tuple({});
        return true;
      case Opcode::kTuple:
        push_tuple(stack_.pop_mark());
        return true;
      case Opcode::kTuple1:
      case Opcode::kTuple2:
      case Opcode::kTuple3:
        push_tuple_of(opcode - static_cast<std::uint8_t>(Opcode::kTuple1) + 1U);
        return true;
      case Opcode::kFrozenSet:
        stack_.push(pickle_.add(Sequence{Sequence::Kind::kSet, stack_.pop_mark()}));
        return true;
      case Opcode::kAppend:
        extend(Sequence::Kind::kList, {stack_.pop()});
        return true;
      case Opcode::kAppends:
        extend(Sequence::Kind::kList, stack_.pop_mark());
        return true;
      case Opcode::kAddItems:
        extend(Sequence::Kind::kSet, stack_.pop_mark());
        return true;
      case Opcode::kSetItem: {
        const Value value = stack_.pop();
        const Value key = stack_.pop();
        set_items({key, value});
        return true;
      }
      case Opcode::kSetItems:
        set_items(stack_.pop_mark());
        return true;
      default:
        return false;
    }
  }

  bool reference(std::uint8_t opcode) {
    switch (static_cast<Opcode>(opcode)) {
      case Opcode::kProto: {
        const auto protocol = source_.number<std::uint8_t>();
        if (protocol < 2 || protocol > kMaxProtocol) {
          fail("the pickle is of another protocol", cat("2 to ", int{kMaxProtocol}),
               cat(int{protocol}));
        }
        return true;
      }
      case Opcode::kFrame:
        source_.expect(source_.number<std::uint64_t>());
        return true;
      case Opcode::kBinPut:
        put(source_.number<std::uint8_t>());
        return true;
      case Opcode::kLongBinPut:
        put(source_.number<std::uint32_t>());
        return true;
      case Opcode::kMemoize:
        put(static_cast<std::uint32_t>(memo_.size()));
        return true;
      case Opcode::kBinGet:
        get(source_.number<std::uint8_t>());
        return true;
      case Opcode::kLongBinGet:
        get(source_.number<std::uint32_t>());
        return true;
      case Opcode::kGlobal: {
        const std::string_view module = source_.line();
        global(module, source_.line());
        return true;
      }
      case Opcode::kStackGlobal: {
        const auto name = expect<std::string_view>(stack_.pop(), "a global's name");
        global(expect<std::string_view>(stack_.pop(), "a global's module"), name);
        return true;
      }
      case Opcode::kBinPersId:
        storage(expect<Sequence*>(stack_.pop(), "a persistent id"));
        return true;
      case Opcode::kReduce:
      case Opcode::kNewObj: {
        const auto* const arguments = expect<Sequence*>(stack_.pop(), "the list of arguments");
        make(*expect<const Global*>(stack_.pop(), "what is called"), *arguments);
        return true;
      }
      case Opcode::kBuild:
        build();
        return true;
      default:
        return false;
    }
  }

  // --- what they do ---

  void push_long(std::uint64_t length) {
    const auto part = source_.take(length);
    if (length > sizeof(std::int64_t)) return stack_.push(Opaque{});
    std::uint64_t value = 0;
    if (length > 0) {
      std::memcpy(&value, part.data(), length);
      // Two's complement of `length` bytes.
      const std::uint64_t unused = 64 - 8 * length;
      value = static_cast<std::uint64_t>(static_cast<std::int64_t>(value << unused) >>
                                         static_cast<int>(unused));
    }
    stack_.push(static_cast<std::int64_t>(value));
  }

  void push_bytes(std::uint64_t length) {
    source_.take(length);
    stack_.push(Opaque{});
  }

  void push_tuple(std::vector<Value> items) {
    stack_.push(pickle_.add(Sequence{Sequence::Kind::kTuple, std::move(items)}));
  }

  void push_tuple_of(std::size_t count) {
    std::vector<Value> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = stack_.pop();
    push_tuple(std::move(items));
  }

  void extend(Sequence::Kind kind, std::vector<Value> values) {
    const Value target = stack_.pop();
    auto* const sequence = expect<Sequence*>(target, "the list that is extended");
    if (sequence->kind != kind)
      fail("damaged pickle: the list that is extended is of another kind");
    sequence->items.insert(sequence->items.end(), values.begin(), values.end());
    stack_.push(target);
  }

  void set_items(const std::vector<Value>& values) {
    if (values.size() % 2 != 0) fail("damaged pickle: a key without a value");
    const Value target = stack_.pop();
    auto* const dict = expect<Dict*>(target, "the dict that is filled");
    for (std::size_t i = 0; i < values.size(); i += 2) {
      dict->items.emplace_back(values[i], values[i + 1]);
    }
    stack_.push(target);
  }

  void put(std::uint32_t index) {
    const Value value = stack_.pop();
    stack_.push(value);
    memo_[index] = value;
  }

  void get(std::uint32_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail("damaged pickle: it refers to what it has not stored");
    stack_.push(found->second);
  }

  void global(std::string_view module, std::string_view name) {
    auto known = find_global(module, name);
    if (!known) {
      fail("the pickle asks for what is not read; nothing was executed", kPlain,
           "global " + std::string(module) + "." + std::string(name));
    }
    stack_.push(pickle_.add(*known));
  }

  // ("storage", class, record, device, elements[, None])
  void storage(const Sequence* id) {
    const auto& items = id->items;
    if (items.size() < 5 || items.size() > 6 ||
        expect<std::string_view>(items[0], "a persistent id's kind") != "storage") {
      fail("damaged pickle: a persistent id that is no storage");
    }
    const auto* const type = expect<const Global*>(items[1], "a storage's class");
    if (type->kind != GlobalKind::kStorage) fail("damaged pickle: a storage of no storage class");
    stack_.push(pickle_.add(Storage{.dtype = type->dtype,
                                    .key = expect<std::string_view>(items[2], "a storage's record"),
                                    .elements = count(items[4], "a storage's size")}));
  }

  std::uint64_t count(const Value& value, const char* what) {
    const auto number = expect<std::int64_t>(value, what);
    if (number < 0)
      fail(std::string("damaged pickle: ") + what + " is negative", "0 or more", cat(number));
    return static_cast<std::uint64_t>(number);
  }

  std::vector<std::uint64_t> counts(const Value& value, const char* what) {
    const auto& items = expect<Sequence*>(value, what)->items;
    if (items.size() > kMaxRank) fail("damaged pickle: a tensor of too many dimensions");
    std::vector<std::uint64_t> result;
    result.reserve(items.size());
    for (const Value& item : items) result.push_back(count(item, what));
    return result;
  }

  const Value& argument(const Global& type, const Sequence& arguments, std::size_t index) {
    if (index >= arguments.items.size()) {
      fail(cat("damaged pickle: ", type.name, " has too few arguments"));
    }
    return arguments.items[index];
  }

  void make(const Global& type, const Sequence& arguments) {
    switch (type.kind) {
      case GlobalKind::kDict:
        if (!arguments.items.empty()) fail(cat("damaged pickle: ", type.name, " has arguments"));
        return stack_.push(pickle_.add(Dict{}));
      case GlobalKind::kTensor:
        return stack_.push(pickle_.add(tensor(type, arguments)));
      case GlobalKind::kParameter:
        return stack_.push(
            expect<const PickledTensor*>(argument(type, arguments, 0), "a parameter"));
      case GlobalKind::kSequence:
        return stack_.push(expect<Sequence*>(argument(type, arguments, 0), "a sequence"));
      case GlobalKind::kOpaque:
      case GlobalKind::kTorchScriptModule:
        return stack_.push(pickle_.add(Object{.type = &type}));
      case GlobalKind::kStorage:
      case GlobalKind::kDType:
        fail("damaged pickle: it calls what is no function", kPlain, std::string(type.name));
    }
  }

  // (storage, offset, shape, strides, requires_grad, hooks[, metadata])
  PickledTensor tensor(const Global& type, const Sequence& arguments) {
    PickledTensor result{
        .storage = expect<const Storage*>(argument(type, arguments, 0), "a tensor's storage"),
        .offset = count(argument(type, arguments, 1), "a tensor's offset"),
        .shape = counts(argument(type, arguments, 2), "a tensor's shape"),
        .strides = counts(argument(type, arguments, 3), "a tensor's strides")};
    if (result.shape.size() != result.strides.size()) {
      fail("damaged pickle: a tensor whose shape and strides differ in length");
    }
    if (result.storage->dtype.empty()) fail("damaged pickle: a tensor of a storage without dtype");
    return result;
  }

  // Attributes: of an object they are its content; a dict's (state_dict()._metadata) say nothing.
  void build() {
    const Value state = stack_.pop();
    const Value target = stack_.pop();
    if (const auto* const object = std::get_if<Object*>(&target)) {
      if (const auto* const fields = std::get_if<Dict*>(&state)) (*object)->fields = *fields;
    } else if (!std::holds_alternative<Dict*>(target)) {
      fail("damaged pickle: it gives attributes to what has none");
    }
    stack_.push(target);
  }

  PickleSource source_;
  std::uint64_t max_opcodes_;
  Pickle pickle_;
  PickleStack stack_{source_};
  std::unordered_map<std::uint32_t, Value> memo_;
};

}  // namespace

Pickle unpickle(std::span<const std::byte> bytes, const std::string& where,
                std::uint64_t max_opcodes) {
  return Unpickler(bytes, where, max_opcodes).run();
}

}  // namespace helip::weights
