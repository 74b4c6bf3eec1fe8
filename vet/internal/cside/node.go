package cside

// An op says what an expression is.
type op uint8

const (
	opNone   op = iota // number, sizeof, anything without a pointer in it
	opString           // a string literal
	opName             // text
	opDeref            // *x, x[y]
	opMember           // x.text
	opArrow            // x->text
	opAddr             // &x
	opNot              // !x
	opCast             // (T)x
	opSum              // x + y, x - y, and bitwise operators
	opTest             // comparison; text is the operator
	opBoth             // x && y
	opEither           // x || y
	opAssign           // x = y; text is the operator
	opStep             // x++, --x
	opCond             // x ? y : z
	opComma            // x, y
	opCall             // x(args)
	opList             // {args}
)

// An expr is an expression.
type expr struct {
	op      op
	text    string
	x, y, z *expr
	args    []*expr
	line    int32
	file    int32
}

// A stmt is a statement. A variable that is declared has its name in text.
type stmt struct {
	kind  stmtKind
	text  string
	typ   Type
	expr  *expr
	post  *expr
	body  []*stmt
	other []*stmt // else
	line  int32
	file  int32
}

type stmtKind uint8

const (
	stmtExpr stmtKind = iota
	stmtVar
	stmtStatic // a local variable that lives on
	stmtBlock
	stmtIf
	stmtLoop
	stmtSwitch
	stmtReturn
	stmtJump // break, continue, goto
)
