package cside

// A function is a C function as read.
type function struct {
	name     string
	result   Type
	params   []declared
	variadic bool
	body     []token // between the braces, nil for a declaration
	parsed   []*stmt
	static   bool
	line     int32
	file     int32
}

// A declared is something with a name and a type.
type declared struct {
	name string
	typ  Type
}

// A program is all C that was read of one package.
type program struct {
	toks     []token
	i        int
	typedefs map[string]Type
	globals  map[string]Type
	funcs    map[string]*function
	order    []string
	consts   map[string]bool
}

var storage = map[string]bool{
	"static": true, "extern": true, "inline": true, "__inline": true, "__inline__": true, "register": true, "auto": true,
	"_Noreturn": true, "_Thread_local": true, "__thread": true, "__extension__": true, "__cdecl": true, "__stdcall": true,
	"__forceinline": true, "typedef": true, "constexpr": true, "_Atomic": true,
}

var qualifier = map[string]bool{
	"const": true, "volatile": true, "restrict": true, "__restrict": true, "__restrict__": true, "__const": true, "__volatile__": true,
}

var basic = map[string]bool{
	"void": true, "char": true, "short": true, "int": true, "long": true, "float": true, "double": true, "signed": true,
	"unsigned": true, "_Bool": true, "bool": true, "__int128": true, "__signed__": true, "_Complex": true,
	"size_t": true, "ssize_t": true, "uintptr_t": true, "intptr_t": true, "ptrdiff_t": true, "FILE": true, "off_t": true,
	"int8_t": true, "int16_t": true, "int32_t": true, "int64_t": true, "uint8_t": true, "uint16_t": true, "uint32_t": true,
	"uint64_t": true, "uchar": true, "uint": true, "ulong": true, "va_list": true,
}

func parse(toks []token) *program {
	p := &program{toks: toks, typedefs: map[string]Type{}, globals: map[string]Type{}, funcs: map[string]*function{}, consts: map[string]bool{}}
	for p.i < len(p.toks) {
		start := p.i
		p.external()
		if p.i <= start {
			p.i = start + 1
		}
	}
	return p
}

func (p *program) peek() string { return p.at(0) }

func (p *program) at(n int) string {
	if p.i+n < len(p.toks) {
		return p.toks[p.i+n].text
	}
	return ""
}

func (p *program) isIdent(n int) bool {
	return p.i+n < len(p.toks) && p.toks[p.i+n].kind == ident
}

func (p *program) accept(s string) bool {
	if p.peek() == s && p.i < len(p.toks) {
		p.i++
		return true
	}
	return false
}

// balanced goes behind the bracket that closes the one at i.
func (p *program) balanced() {
	depth := 0
	for p.i < len(p.toks) {
		switch p.toks[p.i].text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		}
		p.i++
		if depth <= 0 {
			return
		}
	}
}

// attributes goes over what compilers add to declarations.
func (p *program) attributes() {
	for {
		switch p.peek() {
		case "__attribute__", "__attribute", "__declspec", "__asm__", "asm", "__asm", "_Alignas", "__nonnull":
			p.i++
			if p.peek() == "(" {
				p.balanced()
			}
		default:
			return
		}
	}
}

// external reads one declaration outside of functions.
func (p *program) external() {
	switch {
	case p.accept(";"), p.accept("}"):
		return
	case p.peek() == "extern" && p.i+1 < len(p.toks) && p.toks[p.i+1].kind == text:
		p.i += 2
		p.accept("{")
		return
	case p.peek() == "_Static_assert":
		p.i++
		p.balanced()
		return
	}
	start := p.i
	base, st, ok := p.specifiers()
	if !ok {
		p.recover()
		return
	}
	for {
		line, file := p.toks[min(start, len(p.toks)-1)].line, p.toks[min(start, len(p.toks)-1)].file
		name, typ, fn := p.declarator(base, 0)
		p.attributes()
		switch {
		case name == "":
		case st == "typedef":
			if fn != nil {
				typ = Type{Base: "function", Func: true}
			}
			p.typedefs[name] = typ
		case fn != nil:
			fn.name, fn.line, fn.file, fn.static = name, line, file, st == "static"
			if p.peek() == "{" {
				open := p.i
				p.balanced()
				fn.body = p.toks[open+1 : max(p.i-1, open+1)]
				p.define(fn)
				return
			}
			p.define(fn)
		default:
			p.globals[name] = typ
		}
		if p.accept("=") {
			p.initializer()
		}
		if p.accept(",") {
			continue
		}
		if !p.accept(";") {
			p.recover()
		}
		return
	}
}

// define keeps a function; a body is more than a declaration.
func (p *program) define(fn *function) {
	old, ok := p.funcs[fn.name]
	if !ok {
		p.order = append(p.order, fn.name)
	}
	if !ok || old.body == nil {
		p.funcs[fn.name] = fn
	}
}

// recover goes behind the next semicolon or block outside of brackets.
func (p *program) recover() {
	for p.i < len(p.toks) {
		switch p.peek() {
		case ";":
			p.i++
			return
		case "{":
			p.balanced()
			return
		case "(", "[":
			p.balanced()
		default:
			p.i++
		}
	}
}

// initializer goes over what follows an equals sign.
func (p *program) initializer() {
	for p.i < len(p.toks) {
		switch p.peek() {
		case ",", ";":
			return
		case "(", "[", "{":
			p.balanced()
		default:
			p.i++
		}
	}
}

// specifiers reads what comes before declarators: storage, qualifiers, and the
// type. st is "static" or "typedef" when that is given.
func (p *program) specifiers() (t Type, st string, ok bool) {
	for p.i < len(p.toks) {
		p.attributes()
		s := p.peek()
		switch {
		case storage[s]:
			if s == "static" || s == "typedef" {
				st = s
			}
			p.i++
		case qualifier[s]:
			t.Const = t.Const || s == "const" || s == "__const"
			p.i++
		case s == "struct" || s == "union" || s == "enum":
			p.i++
			p.attributes()
			t.Base = s
			if p.isIdent(0) {
				t.Base += " " + p.peek()
				p.i++
			}
			if p.peek() == "{" {
				if s == "enum" {
					p.enumerators()
				} else {
					p.balanced()
				}
			}
			ok = true
		case basic[s]:
			if t.Base == "" || t.Base == "unsigned" || t.Base == "signed" || s == "char" || s == "double" {
				t.Base = s
			}
			p.i++
			ok = true
		case !ok && p.isIdent(0) && (p.at(1) != "(" || p.at(2) == "*") && p.at(1) != ";" && p.at(1) != "=" && p.at(1) != "[":
			c := t.Const
			t = p.named(s)
			t.Const = t.Const || c
			p.i++
			ok = true
		default:
			return t, st, ok
		}
	}
	return t, st, ok
}

func (p *program) named(s string) Type {
	if t, known := p.typedefs[s]; known {
		if t.Ptr == 0 && t.Base != "" && !t.Func && (t.Base == "char" || basic[t.Base]) {
			return t
		}
		if t.Ptr > 0 || t.Func {
			return t
		}
	}
	return Type{Base: s}
}

func (p *program) enumerators() {
	start := p.i
	p.balanced()
	for i := start + 1; i < p.i; i++ {
		if p.toks[i].kind == ident && (p.toks[i-1].text == "{" || p.toks[i-1].text == ",") {
			p.consts[p.toks[i].text] = true
		}
	}
}

// declarator reads one: pointers, the name, and what follows it. fn is set for
// a function; a pointer to a function is a variable.
func (p *program) declarator(t Type, depth int) (name string, typ Type, fn *function) {
	if depth > maxDepth {
		p.i = len(p.toks)
		return "", t, nil
	}
	for p.i < len(p.toks) {
		p.attributes()
		switch s := p.peek(); {
		case s == "*":
			t.Ptr++
			p.i++
			continue
		case s == "const" && t.Ptr > 0, qualifier[s] && s != "const", s == "__cdecl", s == "__stdcall":
			p.i++ // of the pointer itself
			continue
		case s == "const":
			t.Const = true
			p.i++
			continue
		}
		break
	}
	switch {
	case p.peek() == "(" && (p.at(1) == "*" || p.at(1) == "^" || p.isIdent(1) && p.at(2) == ")" && p.at(3) == "(" || p.at(1) == "("):
		// Either a pointer to a function or a name in parentheses.
		pointer := p.at(1) == "*" || p.isIdent(1) && p.at(2) == "*"
		p.i++
		var inner *function
		var it Type
		name, it, inner = p.declarator(Type{}, depth+1)
		p.accept(")")
		if inner != nil { // a function that returns a pointer to a function
			for p.peek() == "(" || p.peek() == "[" {
				p.balanced()
			}
			inner.result = Type{Base: "function", Func: true}
			return name, inner.result, inner
		}
		if p.peek() == "(" && (pointer || it.Ptr > 0) {
			p.balanced()
			return name, Type{Base: "function", Func: true, Array: it.Array}, nil
		}
		t.Array = t.Array || it.Array
		t.Ptr += it.Ptr
	case p.isIdent(0) && !qualifier[p.peek()]:
		name = p.peek()
		p.i++
	}
	p.attributes()
	switch p.peek() {
	case "[":
		for p.peek() == "[" {
			p.balanced()
		}
		t.Array = true
	case "(":
		fn = &function{result: t}
		fn.params, fn.variadic = p.parameters(depth)
		p.attributes()
	case ":": // a bit-field
		p.initializer()
	}
	return name, t, fn
}

func (p *program) parameters(depth int) (list []declared, variadic bool) {
	p.i++
	for p.i < len(p.toks) && !p.accept(")") {
		start := p.i
		switch {
		case p.accept("..."):
			variadic = true
		case p.peek() == "void" && p.at(1) == ")":
			p.i++
		default:
			t, _, ok := p.specifiers()
			if !ok && p.isIdent(0) { // a name of a type before , or )
				t = p.named(p.peek())
				p.i++
			}
			name, typ, fn := p.declarator(t, depth+1)
			if fn != nil {
				typ = Type{Base: "function", Func: true}
			}
			if typ.Array {
				typ.Array = false
				typ.Ptr++
			}
			list = append(list, declared{name, typ})
		}
		if !p.accept(",") && p.peek() != ")" {
			// Something else: go to the next parameter.
			for p.i < len(p.toks) && p.peek() != "," && p.peek() != ")" {
				if p.peek() == "(" || p.peek() == "[" {
					p.balanced()
				} else {
					p.i++
				}
			}
			p.accept(",")
		}
		if p.i == start {
			p.i++
		}
	}
	return list, variadic
}
