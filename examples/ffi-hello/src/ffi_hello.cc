// Three functions behind tvm-ffi's C ABI: two over DLPack tensors, one over a string.
// A wrong argument becomes a Python exception; nothing here knows of Python.
#include <tvm/ffi/container/map.h>
#include <tvm/ffi/container/tensor.h>
#include <tvm/ffi/error.h>
#include <tvm/ffi/function.h>
#include <tvm/ffi/string.h>

#include <cstdint>
#include <string>

namespace {

namespace ffi = tvm::ffi;

void ExpectFloat32OnCpu(const ffi::TensorView& tensor, const char* name) {
  const DLDataType type = tensor.dtype();
  if (type.code != kDLFloat || type.bits != 32 || type.lanes != 1) {
    TVM_FFI_THROW(TypeError) << name << " must be a float32 tensor";
  }
  if (tensor.device().device_type != kDLCPU) {
    TVM_FFI_THROW(ValueError) << name << " must be on the CPU";
  }
  if (!tensor.IsContiguous()) {
    TVM_FFI_THROW(ValueError) << name << " must be contiguous";
  }
}

// y += a * x, in place.
void Axpy(double a, ffi::TensorView x, ffi::TensorView y) {
  ExpectFloat32OnCpu(x, "x");
  ExpectFloat32OnCpu(y, "y");
  if (x.numel() != y.numel()) {
    TVM_FFI_THROW(ValueError) << "x has " << x.numel() << " elements and y has " << y.numel();
  }
  const float* in = static_cast<const float*>(x.data_ptr());
  float* out = static_cast<float*>(y.data_ptr());
  const float scale = static_cast<float>(a);
  for (int64_t i = 0; i < x.numel(); ++i) {
    out[i] += scale * in[i];
  }
}

// The sum in double precision with Neumaier's compensation: no digit of a float32 is lost.
double Total(ffi::TensorView x) {
  ExpectFloat32OnCpu(x, "x");
  const float* in = static_cast<const float*>(x.data_ptr());
  double sum = 0.0;
  double lost = 0.0;
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double value = in[i];
    const double next = sum + value;
    const bool sum_is_bigger = (sum < 0 ? -sum : sum) >= (value < 0 ? -value : value);
    lost += sum_is_bigger ? (sum - next) + value : (value - next) + sum;
    sum = next;
  }
  return sum + lost;
}

// How often each word occurs; words are what white space separates, of any language.
ffi::Map<ffi::String, int64_t> CountWords(const ffi::String& text) {
  ffi::Map<ffi::String, int64_t> counts;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) {
      const ffi::String key(word);
      const auto found = counts.find(key);
      counts.Set(key, found == counts.end() ? 1 : (*found).second + 1);
      word.clear();
    }
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text.data()[i];
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      finish();
    } else {
      word.push_back(c);
    }
  }
  finish();
  return counts;
}

}  // namespace

TVM_FFI_DLL_EXPORT_TYPED_FUNC(axpy, Axpy);
TVM_FFI_DLL_EXPORT_TYPED_FUNC(total, Total);
TVM_FFI_DLL_EXPORT_TYPED_FUNC(count_words, CountWords);
