package asmtext

import (
	"maps"
	"slices"
	"strconv"
)

// Options says how a file is read.
//
// Include returns the text of a file that #include names. Defines are the
// macros that the go command defines for the target: name to value. Register
// reports whether a word is the name of a register.
type Options struct {
	Defines map[string]string
	Include func(name string) ([]byte, error)

	Register func(word string) bool
}

// preproc is the token stream of one file after macros and conditions.
type preproc struct {
	opts     Options
	sources  []Source
	stack    []reader
	macros   map[string]*macro
	conds    []bool // #ifdef: whether what follows counts
	condBase []int  // conds at the start of each text on the stack
	back     *token
	plain    *token
	start    bool // of a line
	tokens   int
	expanded int
	pending  int
}

func newPreproc(name string, text []byte, opts Options) (*preproc, error) {
	p := &preproc{opts: opts, macros: map[string]*macro{}, start: true}
	for _, def := range slices.Sorted(maps.Keys(opts.Defines)) {
		body, err := tokens(opts.Defines[def])
		if err != nil {
			return nil, errorf(Loc{}, "definition of %s: %v", def, err)
		}
		p.macros[def] = &macro{name: def, body: body}
	}
	return p, p.open(name, text, Loc{})
}

func tokens(text string) ([]token, error) {
	var list []token
	t := tokenizer{text: []byte(text)}
	for {
		tok, err := t.next()
		if err != nil || tok.kind == tEOF {
			return list, err
		}
		list = append(list, tok)
	}
}

// open starts reading a text.
func (p *preproc) open(name string, text []byte, at Loc) error {
	if len(text) > MaxSource {
		return errorf(at, "%s has %d bytes, more than MaxSource = %d", name, len(text), MaxSource)
	}
	if len(p.sources) > MaxIncludes {
		return errorf(at, "more than MaxIncludes = %d files are included", MaxIncludes)
	}
	p.sources = append(p.sources, Source{name, text})
	p.condBase = append(p.condBase, len(p.conds))
	return p.push(reader{text: &tokenizer{source: len(p.sources) - 1, text: text}, at: at})
}

func (p *preproc) enabled() bool { return len(p.conds) == 0 || p.conds[len(p.conds)-1] }

// next returns the next token of the program.
func (p *preproc) next() (token, error) {
	for {
		if p.plain != nil {
			tok := *p.plain
			p.plain = nil
			return tok, nil
		}
		tok, err := p.raw()
		if err != nil {
			return token{}, err
		}
		if tok.kind == '#' {
			if !p.start {
				return token{}, errorf(tok.at, "# is not the first item on its line")
			}
			if err := p.directive(tok); err != nil {
				return token{}, err
			}
			continue
		}
		if tok.kind == tEOF && len(p.conds) > 0 {
			return token{}, errorf(tok.at, "#ifdef without #endif")
		}
		if !p.enabled() && tok.kind != tEOF {
			p.start = tok.kind == '\n'
			continue
		}
		if m := p.macros[tok.text]; tok.kind == tIdent && m != nil && !tok.plain {
			if err := p.invoke(m, tok); err != nil {
				return token{}, err
			}
			continue
		}
		p.start = tok.kind == '\n'
		return tok, nil
	}
}

// directive reads a line that starts with #.
func (p *preproc) directive(hash token) error {
	tok, err := p.raw()
	if err != nil {
		return err
	}
	if !p.enabled() {
		switch tok.text {
		case "else", "endif", "ifdef", "ifndef":
		default:
			p.start = tok.kind == '\n'
			return nil
		}
	}
	switch tok.text {
	case "define":
		return p.define()
	case "undef":
		name, err := p.word("#undef")
		if err != nil {
			return err
		}
		if p.macros[name.text] == nil {
			return errorf(name.at, "#undef %s: no such macro", name.text)
		}
		delete(p.macros, name.text)
		return p.eol("#undef")
	case "ifdef", "ifndef":
		name, err := p.word("#" + tok.text)
		if err != nil {
			return err
		}
		_, on := p.macros[name.text]
		if len(p.conds) >= MaxNesting {
			return errorf(hash.at, "conditions are nested deeper than MaxNesting = %d", MaxNesting)
		}
		p.conds = append(p.conds, p.enabled() && on == (tok.text == "ifdef"))
		return p.eol("#" + tok.text)
	case "else", "endif":
		return p.endCond(tok)
	case "include":
		return p.include(hash)
	case "line":
		// It renames positions; ours are in the text itself.
		return p.skipLine()
	}
	return errorf(tok.at, "unknown directive #%s", tok.text)
}

func (p *preproc) endCond(tok token) error {
	n := len(p.conds)
	if n == 0 {
		return errorf(tok.at, "#%s without #ifdef", tok.text)
	}
	if tok.text == "endif" {
		p.conds = p.conds[:n-1]
	} else if n == 1 || p.conds[n-2] {
		p.conds[n-1] = !p.conds[n-1]
	}
	return p.eol("#" + tok.text)
}

func (p *preproc) include(hash token) error {
	tok, err := p.raw()
	if err != nil {
		return err
	}
	name, bad := strconv.Unquote(tok.text)
	if tok.kind != tString || bad != nil {
		return errorf(tok.at, "#include without a name in quotes")
	}
	if err := p.eol("#include"); err != nil {
		return err
	}
	if p.opts.Include == nil {
		return errorf(tok.at, "#include %s: nothing can be included here", tok.text)
	}
	text, err := p.opts.Include(name)
	if err != nil {
		return errorf(tok.at, "#include %s: %v", tok.text, err)
	}
	p.start = true
	return p.open(name, text, hash.at)
}

// word reads the name after a directive.
func (p *preproc) word(directive string) (token, error) {
	tok, err := p.raw()
	if err == nil && tok.kind != tIdent {
		err = errorf(tok.at, "%s without a name", directive)
	}
	return tok, err
}

// eol reads the end of a directive's line.
func (p *preproc) eol(directive string) error {
	tok, err := p.raw()
	if err != nil {
		return err
	}
	if tok.kind != '\n' && tok.kind != tEOF {
		return errorf(tok.at, "%s is followed by %s", directive, quote(tok))
	}
	p.start = true
	return nil
}

func (p *preproc) skipLine() error {
	for {
		tok, err := p.raw()
		if err != nil {
			return err
		}
		if tok.kind == '\n' || tok.kind == tEOF {
			p.start = true
			return nil
		}
	}
}
