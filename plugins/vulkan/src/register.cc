// Registers the code generator when the library is loaded. The target kind "vulkan" is already in
// PyPI's tvm_compiler; registering it twice is an error, so upstream's target_kind.cc stays out.
#include <tvm/ffi/reflection/registry.h>

namespace tvm {
namespace codegen {
void RegisterVulkanCodegen();
namespace spirv {
void RegisterVulkanIntrinRules();
}  // namespace spirv
}  // namespace codegen
}  // namespace tvm

TVM_FFI_STATIC_INIT_BLOCK() {
  tvm::codegen::spirv::RegisterVulkanIntrinRules();
  tvm::codegen::RegisterVulkanCodegen();
}
