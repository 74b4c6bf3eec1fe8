// Runs a Go module and keeps what an instance leaves when it is looked at:
// its memory, its globals, and the engine's frames.
//
//   node run.mjs OUT MODULE WASM_EXEC|"" WHEN [ARG...]
//
// WHEN is "write" (while the program writes the line "look"), "wait" (when it waits
// for its host after that), "exit" or "trap".
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { WASI } from 'node:wasi'
import { createRequire } from 'node:module'

const [out, path, wasmExec, when, ...args] = process.argv.slice(2)
Error.stackTraceLimit = Infinity
const original = new Uint8Array(readFileSync(path))
const { bytes, moved } = exportGlobals(original)

let instance
let done = false

// exportGlobals returns the module with exports of the eight globals, which the
// linker keeps to itself, and by how much that moves the code.
function exportGlobals(m) {
  const leb = (at) => {
    let v = 0, shift = 0
    for (;;) {
      const c = m[at++]
      v |= (c & 0x7f) << shift
      shift += 7
      if (c < 0x80) return [v >>> 0, at]
    }
  }
  const enc = (v) => {
    const b = []
    do { b.push((v & 0x7f) | (v > 0x7f ? 0x80 : 0)); v >>>= 7 } while (v)
    return b
  }
  for (let at = 8; at < m.length;) {
    const id = m[at]
    const [size, body] = leb(at + 1)
    if (id === 7) {
      const [n, items] = leb(body)
      const add = []
      for (let i = 0; i < 8; i++) add.push(3, 0x5f, 0x67, 0x30 + i, 3, i)
      const inner = [...enc(n + 8), ...m.subarray(items, body + size), ...add]
      const section = [7, ...enc(inner.length), ...inner]
      const rest = m.subarray(body + size)
      const b = new Uint8Array(at + section.length + rest.length)
      b.set(m.subarray(0, at))
      b.set(section, at)
      b.set(rest, at + section.length)
      return { bytes: b, moved: section.length - (body + size - at) }
    }
    at = body + size
  }
  throw new Error('no exports')
}

function frames(stack) {
  const list = []
  for (const m of stack.matchAll(/wasm-function\[(\d+)\]:0x([0-9a-f]+)/g)) {
    list.push({ func: Number(m[1]), at: parseInt(m[2], 16) - moved })
  }
  return list
}

// look writes what there is now, once.
function look(stack) {
  if (done) return
  done = true
  const e = instance.exports
  writeFileSync(out + '/memory', new Uint8Array((e.memory ?? e.mem).buffer))
  const globals = []
  for (let i = 0; i < 8; i++) globals.push(String(BigInt.asUintN(64, BigInt(e['_g' + i].value))))
  writeFileSync(out + '/state.json', JSON.stringify({ globals, frames: frames(stack) }))
}

let armed = false
const written = (text, wait) => {
  if (!text.includes('look\n')) return
  if (when === 'write') {
    look(new Error().stack)
    process.exit(0)
  }
  if (when === 'wait') wait()
}

const wrap = (imports, name, before) => {
  const f = imports[name]
  if (f) imports[name] = (...a) => { before(...a); return f(...a) }
}

try {
  const module = new WebAssembly.Module(bytes)
  if (wasmExec) {
    globalThis.require = createRequire(import.meta.url)
    globalThis.fs = require('fs')
    globalThis.path = require('path')
    await import(wasmExec)
    const go = new Go()
    go.argv = ['prog', ...args]
    go.env = { GOTRACEBACK: 'system' }
    go.exit = () => {}
    const gojs = go.importObject.gojs
    wrap(gojs, 'runtime.wasmExit', () => when === 'exit' && look(new Error().stack))
    wrap(gojs, 'runtime.wasmWrite', (sp) => {
      const mem = new DataView(instance.exports.mem.buffer)
      const p = Number(mem.getBigInt64((sp >>> 0) + 16, true)), n = mem.getInt32((sp >>> 0) + 24, true)
      const text = Buffer.from(instance.exports.mem.buffer, p, n).toString()
      written(text, () => setImmediate(() => { look(''); process.exit(0) }))
    })
    instance = new WebAssembly.Instance(module, go.importObject)
    await go.run(instance)
  } else {
    const wasi = new WASI({ version: 'preview1', args: ['prog', ...args], env: { GOTRACEBACK: 'system' }, returnOnExit: true })
    const imports = { ...wasi.wasiImport }
    wrap(imports, 'poll_oneoff', () => {
      if (!armed) return
      look(new Error().stack)
      process.exit(0)
    })
    wrap(imports, 'proc_exit', () => when === 'exit' && look(new Error().stack))
    wrap(imports, 'fd_write', (fd, iovs) => {
      const mem = new DataView(instance.exports.memory.buffer)
      const p = mem.getUint32(iovs, true), n = mem.getUint32(iovs + 4, true)
      const text = Buffer.from(instance.exports.memory.buffer, p, n).toString()
      written(text, () => { armed = true })
    })
    instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: imports })
    wasi.start(instance)
  }
} catch (e) {
  if (when === 'trap' && e instanceof WebAssembly.RuntimeError) look(e.stack)
  else if (!done) { writeSync(2, e.stack + '\n'); process.exit(99) }
}
process.exit(done ? 0 : 98)
