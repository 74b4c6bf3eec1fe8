package lsp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// A message is one of JSON-RPC 2.0: a request has an id and a method, a
// notification only a method, an answer only an id.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *failure        `json:"error,omitempty"`
}

// A failure is the error of an answer.
type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Error returns the message.
func (f *failure) Error() string { return f.Message }

// Codes of JSON-RPC 2.0 and of the language server protocol.
const (
	codeParse          = -32700
	codeInvalidRequest = -32600
	codeUnknownMethod  = -32601
	codeInvalidParams  = -32602
	codeInternal       = -32603
	codeNotInitialized = -32002
)

func fail(code int, format string, args ...any) error {
	return &failure{code, fmt.Sprintf(format, args...)}
}

// A handler answers a request, or takes a notification.
type handler func(params json.RawMessage) (any, error)

// with makes a handler of a function that takes parameters of one type.
func with[P, R any](f func(P) (R, error)) handler {
	return func(params json.RawMessage) (any, error) {
		var p P
		if len(params) > 0 && !bytes.Equal(params, []byte("null")) {
			if err := json.Unmarshal(params, &p); err != nil {
				return nil, fail(codeInvalidParams, "%v", err)
			}
		}
		return f(p)
	}
}

// answer handles one message. There is nothing to send back for a notification
// and for an answer, which nobody has asked for.
func (s *server) answer(raw []byte) (reply *message) {
	var m message
	if err := json.Unmarshal(raw, &m); err != nil {
		return answerOf(json.RawMessage("null"), nil, fail(codeParse, "%v", err))
	}
	if m.Method == "" {
		if m.Result != nil || m.Error != nil {
			return nil
		}
		return answerOf(json.RawMessage("null"), nil, fail(codeInvalidRequest, "no method"))
	}
	result, err := s.handle(m.Method, m.Params)
	if m.ID == nil {
		return nil
	}
	return answerOf(m.ID, result, err)
}

func answerOf(id json.RawMessage, result any, err error) *message {
	m := &message{Version: "2.0", ID: id}
	if err == nil {
		if m.Result, err = json.Marshal(result); err == nil {
			return m
		}
	}
	f, ok := errors.AsType[*failure](err)
	if !ok {
		f = &failure{codeInternal, err.Error()}
	}
	m.Error = f
	return m
}

// send writes a message. An error means that the client is gone, which the
// reader notices too.
func (s *server) send(m *message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return s.conn.Send(b)
}

func (s *server) notify(method string, params any) error {
	b, err := json.Marshal(params)
	if err != nil {
		return err
	}
	return s.send(&message{Version: "2.0", Method: method, Params: b})
}
