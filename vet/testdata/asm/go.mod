module asm.test

go 1.24
