#include "wire/c12/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace amity::c12 {
namespace {

bool states_limits(std::uint16_t table) {
  return table == 10 || table == 20 || table == 50 || table == 60 || table == 70;
}

// Goes through a layout in table order; what is done with a value is the leaf's business.
// leaf(item, size or nullopt for all that is left) -> Result<optional<int64>>: the value, where it
// is a whole number that sets variables; or an error. A leaf stops the walk by done().
template <class Leaf>
class Walker {
 public:
  Walker(std::uint16_t table, TableContext& context, Leaf& leaf)
      : context_(context), leaf_(leaf), sets_(!states_limits(table)) {}

  Status run(const Layout& layout) { return fields(layout.fields, layout.count); }

 private:
  Status fields(const Field* list, std::size_t count) {
    for (std::size_t i = 0; i < count && !leaf_.done(); ++i) AMITY_CHECK(one(list[i]));
    return {};
  }

  Result<std::uint32_t> known(Var var, const Field& field) {
    if (var == Var::kAlways) return 1u;
    if (const auto value = context_.get(var)) return *value;
    return make_error(
        ErrorCode::kNotFound,
        fmt::format("{} is needed first: {} depends on it", source_of(var), field.name),
        leaf_.offset());
  }

  Status one(const Field& field) {
    AMITY_TRY(const std::uint32_t condition, known(field.when, field));
    if ((condition != 0) == field.unless) return {};
    std::uint32_t count = 1;
    if (field.array()) {
      AMITY_TRY(count, known(field.count.var, field));
      AMITY_ASSERT(field.count.measure == Measure::kPlain);
    }
    AMITY_ASSERT(item_.depth < Item::kDepthMax);
    const std::size_t level = item_.depth++;
    for (std::uint32_t i = 0; i < count && !leaf_.done(); ++i) {
      if (++steps_ > kTableStepsMax) {
        return make_error(ErrorCode::kLimit, "a table of too many elements", leaf_.offset());
      }
      item_.path[level] = {&field, static_cast<std::uint16_t>(i)};
      AMITY_CHECK(field.type == Type::kRecord ? fields(field.fields, field.parts) : value(field));
      item_.depth = static_cast<std::uint8_t>(level + 1);
    }
    item_.depth = static_cast<std::uint8_t>(level);
    return {};
  }

  Status value(const Field& field) {
    std::optional<std::size_t> size;
    if (field.type != Type::kRest) {
      auto fixed =
          field.type == Type::kId ? leaf_.id_size(field, context_) : value_size(field, context_);
      if (!fixed.ok()) return located(std::move(fixed).error());
      size = *fixed;
    }
    auto got = leaf_.value(item_, size, context_);
    if (!got.ok()) return located(std::move(got).error());
    if (*got && sets_) learn(field, **got);
    return {};
  }

  Error located(Error error) const {
    error.offset = leaf_.offset();
    return error;
  }

  void learn(const Field& field, const Value& value) {
    if (field.type == Type::kSet && field.var == Var::kHasSt64) {
      for (int set = 0; set < 4; ++set) {
        const std::size_t table = 64u + static_cast<std::size_t>(set);
        const bool used =
            table / 8 < value.bytes.size() && (value.bytes[table / 8] >> table % 8 & 1);
        context_.set(Var::kHasSt64 + set, used ? 1 : 0);
      }
      return;
    }
    if (value.kind != Value::Kind::kNumber) return;
    const auto whole = static_cast<std::uint64_t>(value.number.value);
    if (field.var != Var::kNone) context_.set(field.var, static_cast<std::uint32_t>(whole));
    for (std::size_t i = 0; field.type == Type::kBits && i < field.parts; ++i) {
      const BitRange& range = field.bits[i];
      if (range.var == Var::kNone) continue;
      context_.set(range.var,
                   static_cast<std::uint32_t>(whole >> range.low & ((1u << range.width) - 1)));
    }
  }

  TableContext& context_;
  Leaf& leaf_;
  bool sets_;
  Item item_;
  std::size_t steps_ = 0;
};

// Reads a window of a table.
class Reader {
 public:
  Reader(ByteView bytes, std::uint32_t from, bool whole, TableData& out)
      : bytes_(bytes),
        from_(from),
        to_(from + static_cast<std::uint32_t>(bytes.size())),
        whole_(whole),
        out_(out) {}

  bool done() const { return !whole_ && at_ >= to_; }
  std::size_t offset() const { return at_; }

  // Where ST0 is not known, the end of the table may still tell: it is the table's last field.
  Result<std::size_t> id_size(const Field& field, const TableContext& context) const {
    const std::size_t digits = field.size.literal;
    if (context.get(Var::kIdForm) || at_ > to_) return value_size(field, context);
    const std::size_t left = to_ - at_;
    if (left == digits || left == 2 * digits) return left;
    return value_size(field, context);
  }

  Result<std::optional<Value>> value(Item& item, std::optional<std::size_t> asked,
                                     const TableContext& context) {
    const std::uint32_t left = to_ > at_ ? to_ - at_ : 0;
    const auto size = static_cast<std::uint32_t>(asked.value_or(left));
    const std::uint32_t start = at_;
    if (start + size > to_) {
      if (whole_) {
        return make_error(ErrorCode::kTruncated, fmt::format("{} needs {} bytes, {} are left",
                                                             item.field().name, size, left));
      }
      if (start >= from_) out_.unknown.emplace_back(start, bytes_.subspan(start - from_));
      at_ = to_;
      return std::optional<Value>();
    }
    at_ += size;
    if (start < from_) {
      if (at_ > from_) out_.unknown.emplace_back(from_, bytes_.first(at_ - from_));
      return std::optional<Value>();
    }
    const ByteView bytes = bytes_.subspan(start - from_, size);
    item.offset = start;
    item.size = size;
    if (item.field().type == Type::kId && !context.get(Var::kIdForm)) {
      const bool text = size == 2u * item.field().size.literal;
      item.value = Value{};
      item.value.kind = text ? Value::Kind::kText : Value::Kind::kBytes;
      item.value.bytes = bytes;
    } else {
      AMITY_TRY(item.value, decode_value(item.field(), bytes, context));
    }
    if (out_.items.size() == kTableItemsMax) {
      return make_error(ErrorCode::kLimit, fmt::format("more than {} values", kTableItemsMax));
    }
    out_.items.push_back(item);
    return std::optional<Value>(item.value);
  }

  void finish() {
    if (at_ < to_ && at_ >= from_) out_.unknown.emplace_back(at_, bytes_.subspan(at_ - from_));
    if (at_ < from_) out_.unknown.emplace_back(from_, bytes_);
  }

 private:
  ByteView bytes_;
  std::uint32_t from_, to_, at_ = 0;
  bool whole_;
  TableData& out_;
};

class Writer {
 public:
  Writer(const Feed& feed, Bytes& out) : feed_(feed), out_(out), start_(out.size()) {}

  bool done() const { return false; }
  std::size_t offset() const { return out_.size() - start_; }
  Result<std::size_t> id_size(const Field& field, const TableContext& context) const {
    return value_size(field, context);
  }

  Result<std::optional<Value>> value(Item& item, std::optional<std::size_t> size,
                                     const TableContext& context) {
    item.offset = static_cast<std::uint32_t>(offset());
    item.size = static_cast<std::uint32_t>(size.value_or(0));
    AMITY_TRY(Value value, feed_(item));
    AMITY_CHECK(
        encode_value(item.field(), size.value_or(value.bytes.size()), value, context, out_));
    if (offset() > kTableBytesMax)
      return make_error(ErrorCode::kLimit, "a table of too many bytes");
    return std::optional<Value>(value);
  }

 private:
  const Feed& feed_;
  Bytes& out_;
  std::size_t start_;
};

Status check_known(std::uint16_t table, const Layout* layout, const TableContext& context) {
  if (layout == nullptr) {
    return make_error(ErrorCode::kUnsupported,
                      fmt::format("no layout of {}{}", table & 0x800 ? "MT" : "ST", table & 0x7FF));
  }
  if (table == 15) {
    const auto selector = context.get(Var::kConstantsSelector);
    if (!selector) return make_error(ErrorCode::kNotFound, "ST11 is needed first");
    if (*selector != 2) {
      return make_error(ErrorCode::kUnsupported, "the gas constants of ST15 are not implemented");
    }
  }
  return {};
}

}  // namespace

std::optional<std::uint32_t> TableContext::get(Var var) const {
  if (var == Var::kAlways) return 1;
  const auto i = static_cast<std::size_t>(var);
  return known_[i] ? std::optional(values_[i]) : std::nullopt;
}

void TableContext::set(Var var, std::uint32_t value) {
  AMITY_ASSERT(var > Var::kAlways && var < Var::kCount);
  const auto i = static_cast<std::size_t>(var);
  values_[i] = value;
  known_[i] = true;
}

std::string to_string(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNumber:
      return amity::to_string(value.number);
    case Value::Kind::kReal:
      return fmt::format("{}", value.real);
    case Value::Kind::kTime:
      return wire::to_string(value.time);
    case Value::Kind::kBytes:
      return to_hex(value.bytes);
    case Value::Kind::kText:
      break;
  }
  std::string text;
  for (const std::uint8_t c : value.bytes) {
    if (c >= 0x20 && c < 0x7F)
      text.push_back(static_cast<char>(c));
    else if (c != 0)
      text += fmt::format("\\x{:02X}", c);
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

std::string path_of(const Item& item) {
  std::string out;
  for (std::size_t i = 0; i < item.depth; ++i) {
    const Step& step = item.path[i];
    if (i > 0) out.push_back('.');
    out += step.field->name;
    if (step.field->array()) out += fmt::format("[{}]", step.index);
  }
  return out;
}

std::uint32_t bits_of(const Item& item, std::string_view name) {
  const Field& field = item.field();
  for (std::size_t i = 0; i < field.parts; ++i) {
    const BitRange& range = field.bits[i];
    if (name == range.name) {
      return static_cast<std::uint32_t>(static_cast<std::uint64_t>(item.value.number.value) >>
                                            range.low &
                                        ((1u << range.width) - 1));
    }
  }
  return 0;
}

Status decode_table(std::uint16_t table, ByteView bytes, std::uint32_t offset, bool whole,
                    TableContext& context, TableData& out) {
  const Layout* const layout = find_layout(table);
  if (bytes.size() > kTableBytesMax || offset > kTableBytesMax) {
    return make_error(ErrorCode::kLimit, "a table of too many bytes");
  }
  AMITY_CHECK(check_known(table, layout, context));
  Reader reader(bytes, offset, whole, out);
  Status status = Walker<Reader>(table, context, reader).run(*layout);
  if (status.ok() || status.error().code == ErrorCode::kNotFound) reader.finish();
  return status;
}

Status encode_table(std::uint16_t table, TableContext& context, const Feed& feed, Bytes& out) {
  const Layout* const layout = find_layout(table);
  AMITY_CHECK(check_known(table, layout, context));
  Writer writer(feed, out);
  return Walker<Writer>(table, context, writer).run(*layout);
}

}  // namespace amity::c12
