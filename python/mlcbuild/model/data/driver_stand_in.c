/* Stands in for the CUDA driver while a model is compiled on a machine without one.
 *
 * TVM's CUDA runtime must load for the compiler to store machine code instead of source; it imports
 * these of the driver's functions and, while compiling, calls none that matters. Each answers
 * CUDA_ERROR_NO_DEVICE. Never installed, never in a wheel, used by `mlcbuild model` alone. */
#define ABSENT(name) int name(void) { return 100; }
ABSENT(cuDeviceGetName)
ABSENT(cuFuncSetAttribute)
ABSENT(cuGetErrorName)
ABSENT(cuGetErrorString)
ABSENT(cuLaunchKernelEx)
ABSENT(cuModuleGetFunction)
ABSENT(cuModuleLoadData)
ABSENT(cuModuleUnload)
ABSENT(cuTensorMapEncodeTiled)
