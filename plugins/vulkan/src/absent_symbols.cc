// Five functions that the Vulkan code generator calls and that PyPI's tvm_compiler keeps to itself.
//
// The generator is part of TVM's own library upstream; here it is a library beside an unmodified one,
// so what that one hides (default visibility is off) is defined here, hidden in its turn. Everything
// else the generator needs is exported. Declared in TVM v0.26.0's own headers, which are included, so
// that a changed signature does not compile.
#include <tvm/ffi/function.h>
#include <tvm/ffi/rvalue_ref.h>
#include <tvm/ir/transform.h>
#include <tvm/tirx/op.h>
#include <tvm/tirx/stmt.h>

#include <cstdio>
#include <string>
#include <utility>

#include "src/target/intrin_rule.h"
#include "src/tirx/transform/ir_utils.h"

namespace tvm {
namespace transform {

IRModule Pass::operator()(IRModule mod) const {
  static const ffi::Function run = ffi::Function::GetGlobalRequired("transform.RunPass");
  return run(*this, ffi::RValueRef<IRModule>(std::move(mod))).cast<IRModule>();
}

}  // namespace transform

namespace tirx {

bool ForNode::HasTrivialStep() const {
  if (!step.has_value()) return true;
  const auto* value = (*step).as<IntImmNode>();
  return value != nullptr && value->value == 1;
}

ffi::String GetPtrStorageScope(Var var) {
  if (const auto* buffer = var->ty.as<BufferTypeNode>()) return buffer->storage_scope;
  const auto* pointer = var->ty.as<PointerTypeNode>();
  TVM_FFI_ICHECK(pointer != nullptr) << var->name << " is neither a buffer nor a pointer";
  return pointer->storage_scope;
}

// `shape` is "m, n, k".
std::pair<int32_t, int32_t> GetWmmaFragmentDimSize(const std::string& shape, const std::string& scope) {
  int m = 0, n = 0, k = 0;
  TVM_FFI_ICHECK_EQ(std::sscanf(shape.c_str(), "%d, %d, %d", &m, &n, &k), 3)
      << "\"" << shape << "\" is no shape of a matrix fragment";
  if (scope == "wmma.matrix_a") return {m, k};
  if (scope == "wmma.matrix_b") return {k, n};
  if (scope == "wmma.accumulator") return {m, n};
  return {0, 0};
}

}  // namespace tirx

namespace codegen {
namespace intrin {

PrimExpr DispatchFastErf(const PrimExpr& call) {
  const auto* node = call.as<CallNode>();
  TVM_FFI_ICHECK(node != nullptr && node->args.size() == 1) << "erf takes one argument";
  PrimExpr argument = node->args[0].as_or_throw<PrimExpr>();
  const int bits = argument.ty().bits();
  TVM_FFI_ICHECK(argument.ty().code() == DLDataTypeCode::kDLFloat && (bits == 16 || bits == 32))
      << "erf on Vulkan is there for float16 and float32, not for " << argument.ty();
  return fast_erf_float_expr(argument, bits);
}

}  // namespace intrin
}  // namespace codegen
}  // namespace tvm
