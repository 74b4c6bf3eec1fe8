# Steps through one function under gdb, instruction by instruction, and writes a
# line for each: pc sp entry-sp return-pc fp-at-entry fp lr moved address=word,...
# Calls are stepped over. When one moves the stack, what was noted moves with it.
import os

import gdb

ARM = os.environ["MOHO_ARCH"] == "arm64"
SP, FP = ("sp", "x29") if ARM else ("rsp", "rbp")
LO, HI = int(os.environ["MOHO_LO"], 16), int(os.environ["MOHO_HI"], 16)


def reg(name):
    return int(gdb.parse_and_eval("$" + name)) & (2**64 - 1)


def word(addr):
    try:
        return int.from_bytes(bytes(gdb.selected_inferior().read_memory(addr, 8)), "little")
    except (gdb.MemoryError, OverflowError):  # scratch registers hold anything
        return 0


for setting in ("pagination off", "confirm off", "height 0"):
    gdb.execute("set " + setting)
gdb.execute("handle SIGURG nostop noprint pass", to_string=True)
if os.environ.get("MOHO_REMOTE"):
    gdb.execute("target remote " + os.environ["MOHO_REMOTE"])
gdb.execute("tbreak *%#x" % LO)
gdb.execute("continue" if os.environ.get("MOHO_REMOTE") else "run", to_string=True)


def run_to(addr):
    """Goes on until a thread is at addr; other signals and threads stop it too."""
    for _ in range(50):
        if reg("pc") == addr:
            return
        gdb.execute("continue", to_string=True)


def do_not_yield():
    """Takes back what the runtime's monitor asks for: it takes the time that gdb
    needs for the goroutine's, and a goroutine that yields does not grow its stack."""
    g = reg("x28" if ARM else "r14")
    if word(g + 16) > 2**63:  # stackguard0 is stackPreempt
        gdb.selected_inferior().write_memory(g + 16, (word(g) + 928).to_bytes(8, "little"))


run_to(LO)
gdb.execute("set scheduler-locking step")
with open(os.environ["MOHO_OUT"], "w") as out:
    entry, fp = reg(SP), reg(FP)
    ret = reg("x30") if ARM else word(entry)
    moves, grown = 0, False
    for _ in range(int(os.environ["MOHO_STEPS"])):
        pc, sp = reg("pc"), reg(SP)
        if not LO <= pc < HI:
            break
        if grown and pc == LO:
            do_not_yield()  # or a slow machine would see nothing but calls of morestack
        places = sorted(a & (2**64 - 1) for a in {sp - 8, sp, sp + 8, entry - 16, entry - 8, entry} | ({reg(r) + n for r in ("x20", "x27") for n in (-8, 0)} if ARM else set()))
        print("%x %x %x %x %x %x %x %d %s" % (
            pc, sp, entry, ret, fp, reg(FP), reg("x30") if ARM else 0, moves,
            ",".join("%x=%x" % (a, word(a)) for a in places)), file=out)
        inst = gdb.selected_frame().architecture().disassemble(pc)[0]
        op = inst["asm"].split()[0]
        if op in ("bl", "blr") or op.startswith("call"):
            gdb.execute("tbreak *%#x" % (pc + inst["length"]), to_string=True)
            alone = "morestack" in inst["asm"]
            if alone:
                grown = True
                do_not_yield()
                gdb.execute("set scheduler-locking on")
            run_to(pc + inst["length"])
            if alone:
                gdb.execute("set scheduler-locking step")
            moved = reg(SP) - sp
            entry, fp = entry + moved, fp + moved
            moves += moved != 0
        else:
            gdb.execute("stepi", to_string=True)
gdb.execute("kill", to_string=True)
