"""Give each shape variable of a fused group of operators to its function once.

A dimension such as ``n * 2`` names no variable that can be read off the tensor, so TVM's FuseOps
passes ``n`` as a number and in a shape as well. FuseTIR makes a parameter of each and finds the
variable defined twice ("remap_.count(source) == 0"): so failed every mixture of experts.
"""

# mypy: ignore-errors
# TVM's types are not declared.

import tvm
from tvm import relax, tirx
from tvm_ffi import structural_equal

__all__ = ["OneParameterPerShapeVariable"]


@tvm.transform.module_pass(opt_level=0, name="OneParameterPerShapeVariable")
class OneParameterPerShapeVariable:
    """Between FuseOps and FuseTIR: drop the numbers that a shape says too."""

    def transform_module(self, mod: tvm.IRModule, _ctx: tvm.transform.PassContext) -> tvm.IRModule:
        """Return the module with such functions, and the calls of them, rewritten."""
        rewriter = _Rewriter(mod)
        for name, function in mod.functions_items():
            if isinstance(function, relax.Function) and not _is_fused(function):
                rewriter.builder_.update_func(name, rewriter.visit_expr(function))
        return relax.transform.DeadCodeElimination()(rewriter.builder_.get())


def _is_fused(function: object) -> bool:
    return isinstance(function, relax.Function) and "Primitive" in (function.attrs or {})


@relax.expr_functor.mutator
class _Rewriter(relax.PyExprMutator):
    def __init__(self, mod: tvm.IRModule) -> None:
        super().__init__(mod)
        self.mod = mod

    def visit_call_(self, call: relax.Call) -> relax.Expr:
        call = super().visit_call_(call)
        function = self.mod[call.op] if isinstance(call.op, tvm.ir.GlobalVar) else None
        if not _is_fused(function):
            return call
        numbers = _numbers_in_shapes(function, call)
        if not numbers:
            return call
        function = function.bind_symbolic_vars(
            {var: number for number, variables in numbers.items() for var in variables}
        )
        kept = [index for index, param in enumerate(function.params) if param not in numbers]
        params = [function.params[index] for index in kept]
        new = relax.Function(
            params, function.body, function.ret_ty, function.is_pure, function.attrs
        )
        name = self.builder_.add_func(new, call.op.name_hint)
        return relax.Call(name, [call.args[index] for index in kept], call.attrs, call.ty_args)


def _numbers_in_shapes(function: relax.Function, call: relax.Call) -> dict:
    """Return the parameters that are numbers, each with the shape variables of the same value."""
    given = list(zip(function.params, call.args, strict=True))
    symbols = [
        (variable, value)
        for param, argument in given
        if isinstance(param.ty, relax.ShapeType) and isinstance(argument, relax.ShapeExpr)
        for variable, value in zip(param.ty.values or (), argument.values, strict=False)
        if isinstance(variable, tirx.Var)
    ]
    numbers = {}
    for param, argument in given:
        if isinstance(param.ty, tvm.ir.PrimType):
            same = [var for var, value in symbols if structural_equal(value, argument)]
            if same:
                numbers[param] = [var for var in same if not var.same_as(param)]
    return numbers
