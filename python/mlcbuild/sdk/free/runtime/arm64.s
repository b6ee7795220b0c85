// A function with a large frame touches each page of it on the way down: Windows grows the stack by
// one guard page at a time. In: x15, the frame's units of 16 bytes; x16 and x17 may be changed.
	.text
	.globl __chkstk
	.p2align 2
__chkstk:
	mov x16, sp
	subs x16, x16, x15, lsl #4
	b.hs 1f
	mov x16, xzr
1:	ldr x17, [x18, #16]	// the thread's stack limit
	cmp x16, x17
	b.hs 3f
	and x16, x16, #~4095
2:	sub x17, x17, #4096
	strb wzr, [x17]
	cmp x16, x17
	b.lo 2b
3:	ret

// type_info's table of virtual functions: its destructor alone.
	.section .rdata,"dr"
	.globl "??_7type_info@@6B@"
	.p2align 3
"??_7type_info@@6B@":
	.quad "??1type_info@@UEAA@XZ"
