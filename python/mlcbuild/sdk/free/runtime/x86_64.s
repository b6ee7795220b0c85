# A function with a large frame touches each page of it on the way down: Windows grows the stack by
# one guard page at a time. In: rax, the frame's bytes; all registers stay as they are.
	.text
	.globl __chkstk
__chkstk:
	pushq %r10
	pushq %r11
	leaq 24(%rsp), %r10
	subq %rax, %r10
	jae 1f
	xorq %r10, %r10
1:	movq %gs:16, %r11	# the thread's stack limit
	cmpq %r11, %r10
	jae 3f
	andq $-4096, %r10
2:	subq $4096, %r11
	movb $0, (%r11)
	cmpq %r11, %r10
	jb 2b
3:	popq %r11
	popq %r10
	ret

# type_info's table of virtual functions: its destructor alone.
	.section .rdata,"dr"
	.globl "??_7type_info@@6B@"
	.p2align 3
"??_7type_info@@6B@":
	.quad "??1type_info@@UEAA@XZ"
